"""Plans of pieces become the plan of the day: every shift keeps its route, what nobody serves is left out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.timing.assembly import plan_of


def merge(problem: Problem, plans: Iterable[Plan]) -> Plan:
    """The day's bare plan from plans of pieces that share no task and no shift. Raises ValueError for a shift with two
    routes; whether each task is served once, the checker says."""
    routes: dict[str, Route] = {}
    for plan in plans:
        for route in plan.routes:
            if route.shift in routes:
                raise ValueError(f"shift {route.shift!r} is in two pieces")
            routes[route.shift] = route
    return merged(problem, routes)


def merged(problem: Problem, routes: Mapping[str, Route]) -> Plan:
    """The day's bare plan of these routes by shift."""
    served = {stop.id for route in routes.values() for stop in route.stops if stop.kind in ("visit", "dropoff")}
    present = tuple(routes[shift.id] for shift in problem.shifts if shift.id in routes)
    return plan_of(problem, present, [task for task in problem.tasks if task not in served])
