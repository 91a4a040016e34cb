"""The engine's own account of what a plan costs, term by term. The checker recomputes it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatch.objective import MANDATORY_UNSERVED, SHIFT_TERMS, priced
from dispatch.plan import Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery, Task


def cost_of(problem: Problem, routes: tuple[Route, ...], unassigned: Iterable[str]) -> dict[str, int]:
    """Every term of the objective, and `mandatory_unserved` and `total`."""
    account, weights = Account(problem), problem.objective
    terms = account.left_out(problem.tasks[task] for task in unassigned)
    terms |= {
        "late_second": 0,
        "max_late_second": weights.max_late_second * max(map(account.latest, routes), default=0),
        "unpreferred": 0,
        "unfair_second": weights.unfair_second * sum(unfair_by_shift(problem, routes).values()),
        **dict.fromkeys(SHIFT_TERMS, 0),
        "moved_stop": 0,
        "moved_second": 0,
    }
    for route in routes:
        for name, amount in account.of_route(route).items():
            terms[name] += amount
    return {**terms, "total": sum(terms.values())}


class Account:
    """Prices single routes: every term but those that look at all routes at once. `tasks` may hold more than the
    problem does; it is read, never copied."""

    def __init__(self, problem: Problem, tasks: Mapping[str, Task] | None = None) -> None:
        self.problem = problem
        self.tasks: Mapping[str, Task] = problem.tasks if tasks is None else tasks
        self._published = {} if problem.baseline is None else problem.baseline.starts()

    def left_out(self, tasks: Iterable[Task]) -> dict[str, int]:
        """What leaving tasks out costs."""
        terms = {"mandatory_unserved": 0, "unserved": 0}
        for task in tasks:
            if task.mandatory or task.id in self.problem.binding:
                terms["mandatory_unserved"] += MANDATORY_UNSERVED
            else:
                terms["unserved"] += self.problem.objective.unserved * task.priority
        return terms

    def of_route(self, route: Route) -> dict[str, int]:
        """The terms of one route that are not nothing for every route."""
        weights, factors = self.problem.objective, self.problem.shift_of[route.shift].cost
        terms = {
            name: priced(getattr(weights, name), factors.get(name, 1), _amount(self.problem, route, name))
            for name in SHIFT_TERMS
        }
        late = [found for stop in route.stops if (found := lateness(self.problem, stop, self.tasks))]
        terms["late_second"] = weights.late_second * sum(seconds * weight for seconds, weight in late)
        disliked = sum(dislike(self.problem, route.shift, stop, self.tasks) for stop in route.stops)
        terms["unpreferred"] = weights.unpreferred * disliked
        if self._published:
            stops, seconds = self._moves(route)
            terms["moved_stop"], terms["moved_second"] = weights.moved_stop * stops, weights.moved_second * seconds
        return terms

    def latest(self, route: Route) -> int:
        """The most seconds by which a stop of the route starts after its soft window."""
        late = [found for stop in route.stops if (found := lateness(self.problem, stop, self.tasks))]
        return max((seconds for seconds, _ in late), default=0)

    def _moves(self, route: Route) -> tuple[int, int]:
        known = [(stop.start, *self._published[stop.key]) for stop in route.stops if stop.key in self._published]
        return (
            sum(before != route.shift for _, before, _ in known),
            sum(abs(start - then) for start, _, then in known),
        )


def lateness(problem: Problem, stop: Stop, tasks: Mapping[str, Task] | None = None) -> tuple[int, int] | None:
    """Seconds after a soft window and the task's own weight of them; None where the window is hard or a pin
    holds the start: what is held is never late. `tasks` if others than the problem's count too."""
    if stop.kind not in ("visit", "dropoff"):
        return None
    task = (problem.tasks if tasks is None else tasks)[stop.id]
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


def dislike(problem: Problem, shift: str, stop: Stop, tasks: Mapping[str, Task] | None = None) -> int:
    """The best bonus of the task less that of the caregiver who comes. `tasks` as in `lateness`."""
    if stop.kind not in ("visit", "dropoff"):
        return 0
    bonuses = (problem.tasks if tasks is None else tasks)[stop.id].preferred
    return max(bonuses.values(), default=0) - bonuses.get(problem.shift_of[shift].caregiver, 0)


def unfair_by_shift(problem: Problem, routes: tuple[Route, ...]) -> dict[str, int]:
    """max(0, work − share) of every route, in seconds: a shift's share of all work follows the length of its window,
    rounded down."""
    work = {route.shift: route.work_seconds for route in routes}
    lengths = {shift.id: shift.window[1] - shift.window[0] for shift in problem.shifts}
    total, length = sum(work.values()), sum(lengths.values())
    return {shift: max(0, done - total * lengths[shift] // max(1, length)) for shift, done in work.items()}
