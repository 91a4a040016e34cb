"""The plan's own figures: status, totals and costs, all worked out again from its stops."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.check.limits import work_seconds
from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.tasks import Delivery

MANDATORY = 10**12  # the price of a mandatory task, as the format documents it


def status(problem: Problem, plan: Plan) -> list[Violation]:
    """Infeasible exactly when a mandatory, pinned or carried task is left out."""
    must = {task.id for task in problem.tasks.values() if task.mandatory}
    must |= {pin.stop.id for pin in problem.pins}
    must |= {entry.delivery for shift in problem.shifts for entry in shift.aboard}
    lost = must & {entry.id for entry in plan.unassigned}
    wanted = "infeasible" if lost else "feasible"
    if plan.status == wanted:
        return []
    return [Violation("status", f"{plan.status} instead of {wanted}", id=min(lost, default=""))]


def totals(problem: Problem, plan: Plan) -> list[Violation]:
    """The sums of each route that the plan states."""
    broken = []
    for route in plan.routes:
        inner = route.stops[1:-1]
        rests = [stop for stop in inner if stop.kind == "break"]
        served = [stop for stop in inner if stop.kind != "break"]
        wanted = {
            "travel_seconds": sum(stop.travel_seconds for stop in route.stops),
            "travel_metres": sum(stop.travel_metres for stop in route.stops),
            "service_seconds": sum(stop.departure - stop.start for stop in served),
            "setup_seconds": sum(stop.setup_seconds for stop in inner),
            "wait_seconds": sum(stop.wait for stop in inner),
            "break_seconds": sum(stop.departure - stop.start for stop in rests),
            "work_seconds": work_seconds(problem, route),
            "stops": len(served),
        }
        wrong = {name: seconds for name, seconds in route.totals.items() if wanted.get(name) != seconds}
        if wrong:
            broken.append(Violation("totals", f"{wrong} instead of {wanted}", route.shift))
    return broken


def costs(problem: Problem, plan: Plan) -> list[Violation]:
    """Every term of the cost and their sum; a plan that states no cost is not judged on it."""
    if not plan.cost:
        return []
    wanted = dict(_terms(problem, plan))
    wanted["total"] = sum(wanted.values())
    wrong = [name for name in wanted.keys() | plan.cost.keys() if wanted.get(name, 0) != plan.cost.get(name, 0)]
    return [
        Violation("cost", f"{name}: {plan.cost.get(name, 0)} instead of {wanted.get(name, 0)}")
        for name in sorted(wrong)
    ]


def _terms(problem: Problem, plan: Plan) -> Iterator[tuple[str, int]]:
    weights = problem.objective
    must = problem.binding
    left = [entry.id for entry in plan.unassigned]
    yield "mandatory_unserved", MANDATORY * len([task for task in left if task in must])
    yield "unserved", sum(weights.unserved * problem.tasks[t].priority for t in left if t not in must)
    late = _lateness(problem, plan)
    yield "late_second", weights.late_second * sum(seconds * weight for seconds, weight in late)
    yield "max_late_second", weights.max_late_second * max((seconds for seconds, _ in late), default=0)
    yield "unpreferred", weights.unpreferred * _dislike(problem, plan)
    yield "unfair_second", weights.unfair_second * _unfair(problem, plan)
    for name in ("travel_second", "travel_metre", "wait_second", "overtime_second", "shift_used"):
        base = getattr(weights, name)
        yield (
            name,
            sum(
                round(base * problem.shift_of[route.shift].cost.get(name, 1) * _measure(problem, route)[name])
                for route in plan.routes
            ),
        )
    stops, seconds = _moved(problem, plan)
    yield "moved_stop", weights.moved_stop * stops
    yield "moved_second", weights.moved_second * seconds


def _measure(problem: Problem, route: Route) -> dict[str, int]:
    after = problem.shift_of[route.shift].overtime_after_seconds
    return {
        "travel_second": sum(stop.travel_seconds for stop in route.stops),
        "travel_metre": sum(stop.travel_metres for stop in route.stops),
        "wait_second": sum(stop.wait for stop in route.stops if stop.kind != "break"),
        "overtime_second": max(0, work_seconds(problem, route) - after) if after is not None else 0,
        "shift_used": 1,
    }


def _lateness(problem: Problem, plan: Plan) -> list[tuple[int, int]]:
    held = {(p.stop.kind, p.stop.id, p.stop.member) for p in problem.pins if p.start_seconds is not None}
    found = []
    for _, stop in work_stops(problem, plan):
        task = problem.tasks[stop.id]
        if task.late_second is None or stop.kind == "pickup" or stop.key in held:
            continue
        closes = (task.dropoff.windows if isinstance(task, Delivery) else task.windows)[-1][1]
        found.append((max(0, stop.start - closes), task.late_second))
    return found


def _dislike(problem: Problem, plan: Plan) -> int:
    total = 0
    for shift, stop in work_stops(problem, plan):
        bonus = problem.tasks[stop.id].preferred
        if bonus and stop.kind != "pickup":
            total += max(bonus.values()) - bonus.get(shift.caregiver, 0)
    return total


def _unfair(problem: Problem, plan: Plan) -> int:
    spans = {shift.id: shift.window[1] - shift.window[0] for shift in problem.shifts}
    work = {route.shift: work_seconds(problem, route) for route in plan.routes}
    everything, length = sum(work.values()), max(1, sum(spans.values()))
    return sum(max(0, done - everything * spans[shift] // length) for shift, done in work.items())


def _moved(problem: Problem, plan: Plan) -> tuple[int, int]:
    if problem.baseline is None:
        return (0, 0)
    before = {stop.key: (route.shift, stop.start) for route in problem.baseline.routes for stop in route.stops}
    pairs = [
        (shift.id, stop.start, *before[stop.key]) for shift, stop in work_stops(problem, plan) if stop.key in before
    ]
    return (
        sum(now != then for now, _, then, _ in pairs),
        sum(abs(start - published) for _, start, _, published in pairs),
    )
