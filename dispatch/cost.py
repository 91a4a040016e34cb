"""The engine's own account of what a plan costs, term by term. The checker recomputes it by itself."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.objective import MANDATORY_UNSERVED, priced
from dispatch.plan import Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery


def cost_of(problem: Problem, routes: tuple[Route, ...], unassigned: Iterable[str]) -> dict[str, int]:
    """Every term of the objective, and `mandatory_unserved` and `total`."""
    left_out = [problem.tasks[task] for task in unassigned]
    weights = problem.objective
    held: set[tuple[str, str, int]] = {
        (p.stop.kind, p.stop.id, p.stop.member) for p in problem.pins if p.start_seconds is not None
    }
    lateness = [late for route in routes for stop in route.stops if (late := _late(problem, stop, held))]
    terms = {
        "mandatory_unserved": MANDATORY_UNSERVED * sum(task.id in problem.binding for task in left_out),
        "unserved": weights.unserved * sum(task.priority for task in left_out if task.id not in problem.binding),
        "late_second": weights.late_second * sum(seconds * weight for seconds, weight in lateness),
        "max_late_second": weights.max_late_second * max((seconds for seconds, _ in lateness), default=0),
        "unpreferred": weights.unpreferred * sum(_dislike(problem, route) for route in routes),
        "unfair_second": weights.unfair_second * unfair_seconds(problem, routes),
    }
    for name in ("travel_second", "travel_metre", "wait_second", "overtime_second", "shift_used"):
        terms[name] = sum(
            priced(
                getattr(weights, name),
                problem.shift_of[route.shift].cost.get(name, 1),
                _amount(problem, route, name),
            )
            for route in routes
        )
    terms |= _moves(problem, routes)
    return {**terms, "total": sum(terms.values())}


def _late(problem: Problem, stop: Stop, held: set[tuple[str, str, int]]) -> tuple[int, int] | None:
    """Seconds after a soft window and their weight; a time that is held is never late."""
    if stop.kind not in ("visit", "dropoff"):
        return None
    task = problem.tasks[stop.id]
    if task.late_second is None or stop.key in held:
        return None
    windows = task.dropoff.windows if isinstance(task, Delivery) else task.windows
    return (max(0, stop.start - windows[-1][1]), task.late_second)


def _amount(problem: Problem, route: Route, term: str) -> int:
    if term == "shift_used":
        return 1
    if term == "overtime_second":
        after = problem.shift_of[route.shift].overtime_after_seconds
        return 0 if after is None else max(0, route.work_seconds - after)
    if term == "wait_second":
        return sum(stop.wait for stop in route.stops if stop.kind != "break")
    return sum(getattr(stop, f"{term}s") for stop in route.stops)


def _dislike(problem: Problem, route: Route) -> int:
    caregiver = problem.shift_of[route.shift].caregiver
    total = 0
    for stop in route.stops:
        if stop.kind in ("visit", "dropoff"):
            bonuses = problem.tasks[stop.id].preferred
            total += max(bonuses.values(), default=0) - bonuses.get(caregiver, 0)
    return total


def unfair_seconds(problem: Problem, routes: tuple[Route, ...]) -> int:
    """Σ max(0, work − share): a shift's share of all work follows the length of its window, rounded down."""
    work = {route.shift: route.work_seconds for route in routes}
    lengths = {shift.id: shift.window[1] - shift.window[0] for shift in problem.shifts}
    total, length = sum(work.values()), sum(lengths.values())
    return sum(max(0, done - total * lengths[shift] // max(1, length)) for shift, done in work.items())


def _moves(problem: Problem, routes: tuple[Route, ...]) -> dict[str, int]:
    if problem.baseline is None:
        return {"moved_stop": 0, "moved_second": 0}
    before = problem.baseline.starts()
    stops, seconds = 0, 0
    for route in routes:
        for stop in route.stops:
            if stop.key in before:
                shift, start = before[stop.key]
                stops += shift != route.shift
                seconds += abs(stop.start - start)
    weights = problem.objective
    return {"moved_stop": weights.moved_stop * stops, "moved_second": weights.moved_second * seconds}
