"""VROOM's relaxed routes as a plan of ours, so that the same checker and indicators judge both.

Visits of which VROOM serves only a part of the crew are left out. Sequences and starts of routes are VROOM's; the
times between are worked out again, each stop as early as it can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dispatch.cost import cost_of
from dispatch.indicators import indicators
from dispatch.plan import Plan, PlanStopKind, Route, Stop, Unassigned
from dispatch.problem import Problem
from dispatch.shifts import Break, Shift
from dispatch.tasks import Delivery
from dispatch.travel import Table, tables

Step = tuple[PlanStopKind, str, int]
KINDS: dict[str, PlanStopKind] = {"job": "visit", "pickup": "pickup", "delivery": "dropoff", "break": "break"}


def relaxed_plan(problem: Problem, answer: list[dict[str, Any]]) -> Plan:
    """The plan of what the peer answered."""
    ids = list(problem.tasks)
    legs: dict[int, list[Step]] = {}
    for route in answer:
        rests = problem.shifts[route["shift"]].breaks
        legs[route["shift"]] = [
            (
                KINDS[kind],
                rests[task * 10 + member].id if kind == "break" else ids[task],
                0 if kind == "break" else member,
            )
            for kind, task, member in route["steps"]
        ]
    whole = _whole(problem, legs)
    travel = tables(problem)
    routes = []
    for route in answer:
        shift = problem.shifts[route["shift"]]
        kept = _trimmed([step for step in legs[route["shift"]] if step[0] == "break" or step[1] in whole])
        if kept:
            routes.append(_Clockwork(problem, shift, travel[shift.mode]).route(kept, route["begin"]))
    missing = [task for task in problem.tasks if task not in whole]
    timed = tuple(routes)
    plan = Plan("feasible", timed, tuple(Unassigned(task) for task in missing), cost=cost_of(problem, timed, missing))
    return replace(plan, indicators=indicators(problem, plan))


def _whole(problem: Problem, legs: Mapping[int, list[Step]]) -> set[str]:
    """Tasks whose every leg is in a route."""
    counts = Counter(task for steps in legs.values() for kind, task, _ in steps if kind != "break")
    return {
        task.id
        for task in problem.tasks.values()
        if counts[task.id] == (2 if isinstance(task, Delivery) else len(task.crew))
    }


def _trimmed(steps: list[Step]) -> list[Step]:
    """Without breaks before the first stop and after the last, which are no stops of a plan."""
    served = [index for index, step in enumerate(steps) if step[0] != "break"]
    return steps[served[0] : served[-1] + 1] if served else []


@dataclass(frozen=True, slots=True)
class _Halt:
    place: str
    window: tuple[int, int]
    service: int
    load: int


class _Clockwork:
    """Times one route forward."""

    def __init__(self, problem: Problem, shift: Shift, table: Table) -> None:
        self.problem, self.shift, self.table = problem, shift, table
        self.rests = {rest.id: rest for rest in shift.breaks}

    def route(self, steps: list[Step], begin: int) -> Route:
        stops = [Stop("start", self.shift.id, begin, begin, begin, load={"boxes": 0})]
        self.place, self.stayed, self.travelled, self.load = self.shift.start, "", False, 0
        for index, (kind, task, member) in enumerate(steps):
            before = stops[-1].departure
            if kind == "break":
                following = next(step for step in steps[index:] if step[0] != "break")
                stops.append(self._break(self.rests[task], before, self._halt(following).place))
            else:
                stops.append(self._stop((kind, task, member), before))
        seconds, metres = self._way(self.shift.end or self.place)
        end = stops[-1].departure + seconds
        stops.append(
            Stop("end", self.shift.id, end, end, end, travel_seconds=seconds, travel_metres=metres, load={"boxes": 0})
        )
        return _with_totals(Route(self.shift.id, tuple(stops)))

    def _way(self, place: str) -> tuple[int, int]:
        if self.travelled:
            return (0, 0)
        row, column = self.problem.place_index[self.place], self.problem.place_index[place]
        return (self.table.seconds[row][column], self.table.metres[row][column])

    def _halt(self, step: Step) -> _Halt:
        kind, task_id, member = step
        task = self.problem.tasks[task_id]
        if isinstance(task, Delivery):
            end = task.pickup if kind == "pickup" else task.dropoff
            boxes = task.load["boxes"] if kind == "pickup" else -task.load["boxes"]
            return _Halt(end.place, end.windows[0], end.service_seconds, boxes)
        return _Halt(task.place, task.windows[0], task.crew[member].service_seconds, 0)

    def _stop(self, step: Step, before: int) -> Stop:
        halt = self._halt(step)
        seconds, metres = self._way(halt.place)
        setup = 0 if self.stayed == halt.place else self._setup(halt.place)
        arrival = before + seconds
        start = max(arrival + setup, halt.window[0])
        self.place, self.stayed, self.travelled = halt.place, halt.place, False
        self.load += halt.load
        return Stop(
            step[0], step[1], arrival, start, start + halt.service, member=step[2], wait=start - arrival - setup,
            setup_seconds=setup, travel_seconds=seconds, travel_metres=metres, load={"boxes": self.load},
        )  # fmt: skip

    def _setup(self, place: str) -> int:
        return self.problem.places[self.problem.place_index[place]].setup_seconds

    def _break(self, rest: Break, before: int, ahead: str) -> Stop:
        """At the next stop's place if that is reached while the break may still begin, else where she is."""
        seconds, metres = self._way(ahead)
        if before + seconds > rest.window[1]:
            seconds, metres = 0, 0
        else:
            self.place, self.travelled = ahead, True
        arrival = before + seconds
        start = max(arrival, rest.window[0])
        return Stop(
            "break", rest.id, arrival, start, start + rest.seconds, wait=start - arrival,
            travel_seconds=seconds, travel_metres=metres, load={"boxes": self.load},
        )  # fmt: skip


def _with_totals(route: Route) -> Route:
    inner = route.stops[1:-1]
    served = [stop for stop in inner if stop.kind != "break"]
    rests = [stop for stop in inner if stop.kind == "break"]
    totals = {
        "travel_seconds": sum(stop.travel_seconds for stop in route.stops),
        "travel_metres": sum(stop.travel_metres for stop in route.stops),
        "service_seconds": sum(stop.departure - stop.start for stop in served),
        "setup_seconds": sum(stop.setup_seconds for stop in served),
        "wait_seconds": sum(stop.wait for stop in inner),
        "break_seconds": sum(stop.departure - stop.start for stop in rests),
        "work_seconds": route.work_seconds,
        "stops": len(served),
    }
    return replace(route, totals=totals)
