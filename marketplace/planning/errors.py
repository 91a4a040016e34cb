"""What planning refuses, as facts with their data."""

from marketplace.base.errors import Conflict, Limited, Malformed


class NoShifts(Conflict):
    """Nobody works in the district on that day."""

    code = "no_shifts"
    zh = "该区当日没有班次，无法排班。"
    en = "Nobody works in this district on that day: there is nothing to plan with."


class DayPast(Malformed):
    """The day is over."""

    code = "day_past"
    zh = "不能为已过去的日期排班。"
    en = "A day that is over cannot be planned."


class DayTooFar(Malformed):
    """The day lies beyond the booking horizon."""

    code = "day_too_far"
    zh = "只能为未来 {horizon_days} 天内的日期排班。"
    en = "Only the next {horizon_days} days can be planned."


class AlreadyPlanning(Conflict):
    """Another run holds the day; its own end, or the end of its lease, lets the next one in."""

    code = "already_planning"
    zh = "该区当日正在排班中。"
    en = "This district's day is being planned just now."


class ClaimLost(Conflict):
    """The run took longer than its lease and another has begun; its result is thrown away."""

    code = "claim_lost"
    zh = "排班超时，结果已作废。"
    en = "The run outlived its lease; its result was dropped."


class PlanRejected(Conflict):
    """The independent checker found the plan to break constraints; it was kept for study and not published."""

    code = "plan_rejected"
    zh = "排班结果未通过独立检查，未发布。"
    en = "The plan did not pass the independent check and was not published."


class SolverFailed(Conflict):
    """The solver process ended without a plan."""

    code = "solver_failed"
    zh = "求解程序未给出结果。"
    en = "The solver gave no plan."


class PreviewsBusy(Limited):
    """Too many trial runs at once."""

    code = "previews_busy"
    zh = "试排任务过多，请 {retry_after_seconds} 秒后再试。"
    en = "Too many trial plans are being made; try again in {retry_after_seconds} seconds."
