"""What tasks refuse: asking, taking, answering, disputing."""

from marketplace.base.errors import Conflict, Malformed


class ChannelOfStaff(Conflict):
    """Only staff writes down what came by telephone or at the counter."""

    code = "channel_of_staff"
    zh = "仅工作人员可登记电话或现场申请。"
    en = "Only staff writes down requests by telephone or at the counter."


class ConsentMissing(Malformed):
    """A request by telephone names the caller, and says how the consent is proven."""

    code = "consent_missing"
    zh = "电话申请须登记来电人及同意凭证。"
    en = "A request by telephone names the caller and how consent is proven."


class TakingNotOffered(Conflict):
    """The city's rules do not let tasks find their volunteers in this way."""

    code = "taking_not_offered"
    zh = "本市不采用此接单方式（可用：{offered}）。"
    en = "Tasks here do not find volunteers in this way; ways there are: {offered}."


class OwnRequest(Conflict):
    """Whoever took a request down does not review it."""

    code = "own_request"
    zh = "申请须由另一名工作人员审核。"
    en = "A request is reviewed by somebody else than who took it down."


class GenderAskedFor(Conflict):
    """The elder asks for a woman, or for a man."""

    code = "gender_asked_for"
    zh = "该任务要求志愿者性别为“{gender}”。"
    en = "The elder asks for a volunteer of the other gender ({gender})."


class PlaceTaken(Conflict):
    """One volunteer takes one place of a task."""

    code = "place_taken"
    zh = "您已承接该任务的一个名额。"
    en = "You have a place in this task already."


class ForGroups(Conflict):
    """A place for several people is taken by a group that counts as many, and a group takes no other."""

    code = "for_groups"
    zh = "该名额须由不少于 {people} 人的团体承接；团体不能承接个人名额。"
    en = "This place is for a group of {people} or more; groups take no other places."


class OnlyDispatched(Conflict):
    """The task is planned onto volunteers' shifts; nobody takes it by herself."""

    code = "only_dispatched"
    zh = "该任务由系统派单，不能自行接单。"
    en = "This task is dispatched to volunteers and cannot be taken."


class ObjectionOver(Conflict):
    """The time to dispute a visit is over."""

    code = "objection_over"
    zh = "异议期限（服务后 {hours} 小时）已过。"
    en = "The time to dispute, {hours} hours from the end of the visit, is over."


class PartOutside(Malformed):
    """A part is more than nothing and less than the whole."""

    code = "part_outside"
    zh = "部分认定须在 1 至 {most} 分钟之间。"
    en = "A part is between 1 and {most} minutes."


class OwnDispute(Conflict):
    """Nobody decides a dispute of one's own making, or about oneself."""

    code = "own_dispute"
    zh = "不能处理本人提出或与本人有关的异议。"
    en = "Nobody decides a dispute that one raised, or that is about oneself."


class RuleMalformed(Malformed):
    """The rule of a series cannot be read, or repeats in a way that visits do not."""

    code = "rule_malformed"
    zh = "重复规则有误：{reason}"
    en = "The rule of the series cannot be: {reason}"


class NoOccurrence(Conflict):
    """The series has nothing at that time, or it is over."""

    code = "no_occurrence"
    zh = "该系列任务在此时间没有安排。"
    en = "The series has nothing to come at that time."
