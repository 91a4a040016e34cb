"""What visits refuse, as facts with their data."""

from marketplace.base.errors import Conflict, Malformed


class ImpossibleVisit(Malformed):
    """A visit was asked for that cannot exist: its window, crew or place makes no sense."""

    code = "impossible_visit"
    zh = "上门服务无法安排：{reason}"
    en = "Such a visit cannot be: {reason}"


class VisitNotOver(Conflict):
    """Nobody has checked out of the visit yet: it is neither confirmed nor disputed before that."""

    code = "visit_not_over"
    zh = "服务尚未结束，结束后才能确认或提出异议。"
    en = "The visit is not over yet; once it is, it can be confirmed or disputed."


class VisitUnderReview(Conflict):
    """What was recorded of the visit is not complete, or was disputed: a person looks into it."""

    code = "visit_under_review"
    zh = "服务记录不完整或已有异议，正由社区工作人员核实，您无需再办理。"
    en = "What was recorded is not complete, or was disputed: a community officer looks into it, you need do nothing."


class VisitConfirmed(Conflict):
    """The visit was confirmed, by somebody or since nobody objected in time: it is disputed no more."""

    code = "visit_confirmed"
    zh = "该次服务已确认，不能再提出异议；如有问题，请联系社区工作人员。"
    en = "This visit was confirmed and is disputed no more; if something is wrong, turn to the community's officer."


class ImpossibleShift(Malformed):
    """A shift was asked for that cannot exist."""

    code = "impossible_shift"
    zh = "班次有误：{reason}"
    en = "Such a shift cannot be: {reason}"


class ShiftOverlaps(Conflict):
    """The performer works another shift in that time."""

    code = "shift_overlaps"
    zh = "该服务人员在此时段已有班次。"
    en = "The performer has another shift in that time."


class PerformerBusy(Conflict):
    """The performer would be in two places at once."""

    code = "performer_busy"
    zh = "该服务人员在此时段已有安排。"
    en = "The performer is busy in that time."


class PerformerLeft(Conflict):
    """The performer works here no more."""

    code = "performer_left"
    zh = "该服务人员已离岗。"
    en = "This performer works here no more."


class SkillMissing(Conflict):
    """The visit asks for skills that the performer does not hold."""

    code = "skill_missing"
    zh = "该服务人员缺少所需技能：{missing}"
    en = "The performer lacks what the visit needs: {missing}"


class MemberTaken(Conflict):
    """This place in the crew is filled, or does not exist."""

    code = "member_taken"
    zh = "该服务岗位已有人承担。"
    en = "This place in the crew is not free."


class OutsideWindow(Conflict):
    """The time lies outside the visit's window."""

    code = "outside_window"
    zh = "时间不在约定的时段内。"
    en = "The time lies outside the visit's window."


class DeviceTime(Malformed):
    """A device reports a time that cannot be: in the future, a week ago, or leaving before arriving."""

    code = "device_time"
    zh = "设备时间有误：{reason}"
    en = "The device's time cannot be: {reason}"


class NotCheckedIn(Conflict):
    """A check-out came before any check-in."""

    code = "not_checked_in"
    zh = "尚未签到，不能签退。"
    en = "There was no check-in yet."


class OwnVisit(Conflict):
    """Nobody confirms a visit of one's own making."""

    code = "own_visit"
    zh = "服务人员不能确认自己的服务。"
    en = "A performer cannot confirm her own visit."


class OnlyBooked(Conflict):
    """A closed door is reported for booked visits; a volunteer tells the site."""

    code = "only_booked"
    zh = "仅限预约服务使用；志愿者请联系站点。"
    en = "Only for booked visits; a volunteer calls the site."


class WaitLonger(Conflict):
    """Nobody opens: one waits before one leaves."""

    code = "wait_longer"
    zh = "请至少等候 {wait_minutes} 分钟再离开。"
    en = "Please wait at least {wait_minutes} minutes before leaving."
