"""What the time bank refuses."""

from marketplace.base.errors import Conflict, Forbidden, Malformed


class NoHoursSource(Conflict):
    """Nobody has the minutes that a task would cost: it is not published. `considered` tells whom was asked."""

    code = "no_hours_source"
    zh = "没有可用的时间来源：需要 {needed} 分钟。"
    en = "There is no source for these hours: {needed} minutes are needed."


class NotRedeemable(Conflict):
    """Hours pay for oneself, or for relatives as the rule set says; which rule failed is the subclass."""

    code = "not_redeemable"
    zh = "本次兑换不符合规则。"
    en = "The rules do not let these hours pay for this elder."


class NotARelative(NotRedeemable):
    """What the payer is to the elder is not among the relations for whom the rule set lets hours be redeemed."""

    code = "not_a_relative"
    zh = "时间只能为本人或规定范围内的亲属兑换（{relations}）。"
    en = "Hours pay for oneself, or for an elder to whom one is: {relations}."


class RelationNotProved(NotRedeemable):
    """Somebody said that they are related, and no staff has seen a proof."""

    code = "relation_not_proved"
    zh = "亲属关系尚未由工作人员核实。"
    en = "No staff has proved this relation yet."


class RelativeTooYoung(NotRedeemable):
    """Hours are redeemed for relatives from a certain age on."""

    code = "relative_too_young"
    zh = "只能为年满 {relative_age} 岁的亲属兑换。"
    en = "Hours are redeemed for relatives aged {relative_age} or more."


class TooYoungToRedeem(NotRedeemable):
    """Own hours are saved until a certain age."""

    code = "too_young_to_redeem"
    zh = "年满 {youngest} 岁后方可为本人兑换时间。"
    en = "One's own hours are spent on oneself from the age of {youngest} on."


class MayNotRedeem(NotRedeemable):
    """A group's or an organisation's hours are donated, never spent."""

    code = "may_not_redeem"
    zh = "团体和机构的时间只能捐赠，不能兑换。"
    en = "The hours of groups and organisations are donated, never redeemed."


class NotAMember(Conflict):
    """The account has not joined the time bank, or not as a volunteer."""

    code = "not_a_member"
    zh = "请先加入时间银行并登记为志愿者。"
    en = "Join the time bank as a volunteer first."


class MemberInactive(Conflict):
    """The membership is suspended or has ended."""

    code = "member_inactive"
    zh = "会员资格目前为“{state}”。"
    en = "The membership is {state}."


class NotADistrict(Malformed):
    """A home branch is a district of the city."""

    code = "not_a_district"
    zh = "请选择所属的区。"
    en = "A home branch is a district of the city."


class GenderMissing(Malformed):
    """A volunteer attends elders, some of whom ask for a woman or a man."""

    code = "gender_missing"
    zh = "请登记志愿者的性别。"
    en = "Tell the volunteer's gender."


class TaskTooLong(Malformed):
    """More minutes than one task may take."""

    code = "task_too_long"
    zh = "单次任务最多 {longest_minutes} 分钟。"
    en = "A task takes at most {longest_minutes} minutes."


class TaskTaken(Conflict):
    """Another volunteer was first."""

    code = "task_taken"
    zh = "该任务已被其他志愿者接单。"
    en = "Another volunteer has taken this task."


class TaskOver(Conflict):
    """The task is not open: it began, ended, expired or was cancelled."""

    code = "task_over"
    zh = "该任务当前为“{state}”，不能接单。"
    en = "This task is {state} and cannot be taken."


class TaskStarted(Conflict):
    """Somebody has arrived already; what has begun is not cancelled."""

    code = "task_started"
    zh = "服务已开始，不能取消。"
    en = "The service has begun and cannot be cancelled."


class OwnTask(Conflict):
    """Nobody earns hours by a task that is one's own: asked for, paid for, or for oneself."""

    code = "own_task"
    zh = "不能承接本人发布、本人支付或本人受益的任务。"
    en = "Nobody takes a task of one's own."


class PeriodBackwards(Malformed):
    """The statement would end before it begins, or span too much."""

    code = "period_backwards"
    zh = "对账单的起止日期有误，最长 {longest_days} 天。"
    en = "The period ends before it begins, or is longer than {longest_days} days."


class CeilingTooLow(Conflict):
    """A programme's ceiling cannot fall below what it has granted or promised."""

    code = "ceiling_too_low"
    zh = "授权上限不能低于已发放的时间。"
    en = "A ceiling cannot fall below what has been granted."


class PoolNotOffered(Conflict):
    """The rule set names the pools among which a member chooses."""

    code = "pool_not_offered"
    zh = "可选择的去向为：{offered}。"
    en = "The pools to choose among are: {offered}."


class SecondPersonNeeded(Forbidden):
    """Who asked does not agree to it as well."""

    code = "second_person_needed"
    zh = "须由另一位工作人员审批。"
    en = "Another person must agree to this."
