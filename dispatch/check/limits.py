"""What a shift allows: its window, its breaks, its work and overtime."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from dispatch.check.violation import Violation
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.shifts import Break, Shift


def work_seconds(problem: Problem, route: Route) -> int:
    """From leaving the start to arriving at the end, less the breaks between."""
    rests = {rest.id: rest.seconds for rest in problem.shift_of[route.shift].breaks}
    taken = sum(rests.get(stop.id, 0) for stop in route.stops if stop.kind == "break")
    return route.stops[-1].arrival - route.stops[0].departure - taken


def shift_window(problem: Problem, plan: Plan) -> list[Violation]:
    """The route lies inside its shift."""
    broken = []
    for route in plan.routes:
        opens, closes = problem.shift_of[route.shift].window
        begin, end = route.stops[0].departure, route.stops[-1].departure
        if begin < opens or end > closes:
            detail = f"from {begin} to {end}, on duty from {opens} to {closes}"
            broken.append(Violation("shift_window", detail, route.shift))
    return broken


def breaks(problem: Problem, plan: Plan) -> list[Violation]:
    """Each break is taken once, in its window, or would fit before the route begins or after it ends."""
    broken = []
    for route in plan.routes:
        shift = problem.shift_of[route.shift]
        taken = [stop for stop in route.stops if stop.kind == "break"]
        known = {rest.id: rest for rest in shift.breaks}
        for stop in taken:
            rest = known.get(stop.id)
            if rest is None:
                broken.append(Violation("unknown_break", "the shift has no such break", shift.id, stop.id))
            elif not rest.window[0] <= stop.start <= rest.window[1]:
                detail = f"starts at {stop.start}, allowed {rest.window}"
                broken.append(Violation("break_window", detail, shift.id, stop.id))
        ids = [stop.id for stop in taken]
        if len(set(ids)) < len(ids):
            broken.append(Violation("duplicate_break", "a break stands twice", shift.id))
        owed = [rest for rest in shift.breaks if rest.id not in ids]
        broken.extend(_owed(shift, route, owed))
    return broken


def _owed(shift: Shift, route: Route, owed: list[Break]) -> list[Violation]:
    """Breaks that are no stops must fit, some of them before the route and the others after it, in any order."""
    opens, leaves, arrives = shift.window[0], route.stops[0].departure, route.stops[-1].arrival
    for order in permutations(owed):
        for ahead in range(len(owed) + 1):
            before, after = _over(order[:ahead], opens), _over(order[ahead:], arrives)
            if before is not None and after is not None and before <= max(opens, leaves):
                return []
    names = ", ".join(rest.id for rest in owed)
    return [Violation("break_missing", f"{names}: no room before the route or after it", shift.id, owed[0].id)]


def _over(rests: Iterable[Break], clock: int) -> int | None:
    """When breaks taken one after another are over; None if one starts too late."""
    for rest in rests:
        clock = max(clock, rest.window[0])
        if clock > rest.window[1]:
            return None
        clock += rest.seconds
    return clock


def work(problem: Problem, plan: Plan) -> list[Violation]:
    """Work stays within the shift's limit."""
    broken = []
    for route in plan.routes:
        limit, found = problem.shift_of[route.shift].max_work_seconds, work_seconds(problem, route)
        if limit is not None and found > limit:
            broken.append(Violation("max_work", f"{found} s of work, {limit} allowed", route.shift))
    return broken


def overtime(problem: Problem, plan: Plan) -> list[Violation]:
    """Overtime stays within the shift's limit."""
    broken = []
    for route in plan.routes:
        shift = problem.shift_of[route.shift]
        if shift.overtime_after_seconds is None or shift.max_overtime_seconds is None:
            continue
        found = work_seconds(problem, route) - shift.overtime_after_seconds
        if found > shift.max_overtime_seconds:
            detail = f"{found} s of overtime, {shift.max_overtime_seconds} allowed"
            broken.append(Violation("overtime", detail, route.shift))
    return broken
