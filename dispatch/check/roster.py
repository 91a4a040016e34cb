"""Who serves what: shapes of routes, every task exactly once, skills, exclusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dispatch.check.violation import Violation
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery

WORK = ("visit", "pickup", "dropoff")


def work_stops(problem: Problem, plan: Plan) -> Iterator[tuple[Shift, Stop]]:
    """Every stop that serves a task, with its shift."""
    for route in plan.routes:
        for stop in route.stops:
            if stop.kind in WORK:
                yield problem.shift_of[route.shift], stop


def shapes(problem: Problem, plan: Plan) -> list[Violation]:
    """Each route belongs to one known shift, once; it starts, serves something, and ends."""
    broken = []
    seen = Counter(route.shift for route in plan.routes)
    for route in plan.routes:
        kinds = [stop.kind for stop in route.stops]
        if route.shift not in problem.shift_of:
            broken.append(Violation("unknown_shift", "the problem has no such shift", route.shift))
        elif seen[route.shift] > 1:
            broken.append(Violation("duplicate_route", "the shift has two routes", route.shift))
        elif len(kinds) < 3 or kinds[0] != "start" or kinds[-1] != "end":
            broken.append(Violation("route_shape", "a route is start, stops, end", route.shift))
        elif any(kind in ("start", "end") for kind in kinds[1:-1]):
            broken.append(Violation("route_shape", "a start or end stands in the middle", route.shift))
        elif kinds[1] == "break" or kinds[-2] == "break":
            broken.append(Violation("route_shape", "a break lies between two stops", route.shift))
    return broken


def membership(problem: Problem, plan: Plan) -> list[Violation]:
    """Every stop is known and stands once; every task is served or unassigned, not both, not neither."""
    aboard = {entry.delivery for shift in problem.shifts for entry in shift.aboard}
    wanted: set[tuple[str, str, int]] = set()
    for visit in problem.visits:
        wanted |= {("visit", visit.id, member) for member in range(len(visit.crew))}
    for delivery in problem.deliveries:
        wanted.add(("dropoff", delivery.id, 0))
        if delivery.id not in aboard:
            wanted.add(("pickup", delivery.id, 0))
    found = [(route, stop) for route in plan.routes for stop in route.stops if stop.kind in WORK]
    counts = Counter(stop.key for _, stop in found)
    broken = [
        _misplaced(route, stop, known=stop.key in wanted)
        for route, stop in found
        if stop.key not in wanted or counts[stop.key] > 1
    ]
    served = {stop.id for _, stop in found}
    listed = Counter(entry.id for entry in plan.unassigned)
    broken.extend(
        Violation("unknown_stop", "no such task is in the problem", id=task)
        for task in listed
        if task not in problem.tasks
    )
    for task in problem.tasks:
        if task in served and task in listed:
            broken.append(Violation("served_and_unassigned", "both in a route and left out", id=task))
        if task not in served and listed[task] != 1:
            broken.append(Violation("missing_task", f"in no route, {listed[task]} times left out", id=task))
    return broken


def _misplaced(route: Route, stop: Stop, *, known: bool) -> Violation:
    if known:
        return Violation("duplicate_stop", "the stop stands twice in the plan", route.shift, stop.id)
    return Violation("unknown_stop", f"no such {stop.kind}, member {stop.member}", route.shift, stop.id)


def skills(problem: Problem, plan: Plan) -> list[Violation]:
    """Required skills are among those held."""
    broken = []
    for shift, stop in work_stops(problem, plan):
        task = problem.tasks[stop.id]
        needed = task.skills if isinstance(task, Delivery) else task.crew[stop.member].skills
        if needed - shift.skills:
            lacking = ", ".join(sorted(needed - shift.skills))
            broken.append(Violation("skill", f"{shift.caregiver} lacks {lacking}", shift.id, stop.id))
    return broken


def excluded(problem: Problem, plan: Plan) -> list[Violation]:
    """Nobody comes whom the task excludes."""
    return [
        Violation("excluded", f"{shift.caregiver} may not come here", shift.id, stop.id)
        for shift, stop in work_stops(problem, plan)
        if shift.caregiver in problem.tasks[stop.id].excluded
    ]
