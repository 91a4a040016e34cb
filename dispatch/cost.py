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
    late = [found for route in routes for stop in route.stops if (found := lateness(problem, stop))]
    terms = {
        "mandatory_unserved": MANDATORY_UNSERVED * sum(task.id in problem.binding for task in left_out),
        "unserved": weights.unserved * sum(task.priority for task in left_out if task.id not in problem.binding),
        "late_second": weights.late_second * sum(seconds * weight for seconds, weight in late),
        "max_late_second": weights.max_late_second * max((seconds for seconds, _ in late), default=0),
        "unpreferred": weights.unpreferred
        * sum(dislike(problem, route.shift, stop) for route in routes for stop in route.stops),
        "unfair_second": weights.unfair_second * sum(unfair_by_shift(problem, routes).values()),
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


def lateness(problem: Problem, stop: Stop) -> tuple[int, int] | None:
    """Seconds after a soft window and the task's own weight of them; None where the window is hard or a pin
    holds the start: what is held is never late."""
    if stop.kind not in ("visit", "dropoff"):
        return None
    task = problem.tasks[stop.id]
    if task.late_second is None or stop.key in problem.held:
        return None
    windows = task.dropoff.windows if isinstance(task, Delivery) else task.windows
    return (max(0, stop.start - windows[-1][1]), task.late_second)


def _amount(problem: Problem, route: Route, term: str) -> int:
    if term == "shift_used":
        return 1
    if term == "overtime_second":
        return overtime_seconds(problem, route)
    if term == "wait_second":
        return sum(stop.wait for stop in route.stops if stop.kind != "break")
    return sum(getattr(stop, f"{term}s") for stop in route.stops)


def overtime_seconds(problem: Problem, route: Route) -> int:
    """Work beyond what the shift has agreed to; 0 where nothing is agreed."""
    after = problem.shift_of[route.shift].overtime_after_seconds
    return 0 if after is None else max(0, route.work_seconds - after)


def dislike(problem: Problem, shift: str, stop: Stop) -> int:
    """The best bonus of the task less that of the caregiver who comes."""
    if stop.kind not in ("visit", "dropoff"):
        return 0
    bonuses = problem.tasks[stop.id].preferred
    return max(bonuses.values(), default=0) - bonuses.get(problem.shift_of[shift].caregiver, 0)


def unfair_by_shift(problem: Problem, routes: tuple[Route, ...]) -> dict[str, int]:
    """max(0, work − share) of every route, in seconds: a shift's share of all work follows the length of its window,
    rounded down."""
    work = {route.shift: route.work_seconds for route in routes}
    lengths = {shift.id: shift.window[1] - shift.window[0] for shift in problem.shifts}
    total, length = sum(work.values()), sum(lengths.values())
    return {shift: max(0, done - total * lengths[shift] // max(1, length)) for shift, done in work.items()}


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
