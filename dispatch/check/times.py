"""Travel, clocks and windows: every time of a route follows from the one before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery
from dispatch.travel import Table


def site(problem: Problem, stop: Stop) -> tuple[str, str]:
    """The places where a stop begins and where it leaves from."""
    task = problem.tasks[stop.id]
    if isinstance(task, Delivery):
        place = task.pickup.place if stop.kind == "pickup" else task.dropoff.place
        return (place, place)
    return (task.place, task.end or task.place)


def service_seconds(problem: Problem, shift: str, stop: Stop) -> int:
    """How long the stop must last."""
    if stop.kind == "break":
        return next(rest.seconds for rest in problem.shift_of[shift].breaks if rest.id == stop.id)
    task = problem.tasks[stop.id]
    if isinstance(task, Delivery):
        return (task.pickup if stop.kind == "pickup" else task.dropoff).service_seconds
    return task.crew[stop.member].service_seconds


def travels(problem: Problem, plan: Plan, travel: Mapping[str, Table]) -> list[Violation]:
    """Travel between stops is that of the table; a break carries all of the way to the next stop or none."""
    broken = []
    for route in plan.routes:
        shift = problem.shift_of[route.shift]
        table, index = travel[shift.mode], problem.place_index
        place = shift.start
        way: list[Stop] = []
        for stop in route.stops[1:]:
            way.append(stop)
            if stop.kind == "break":
                continue
            goal = shift.end if stop.kind == "end" else site(problem, stop)[0]
            seconds = 0 if goal is None else table.seconds[index[place]][index[goal]]
            metres = 0 if goal is None else table.metres[index[place]][index[goal]]
            broken.extend(_way(route, way, seconds, metres))
            place = place if stop.kind == "end" else site(problem, stop)[1]
            way = []
    return broken


def _way(route: Route, way: list[Stop], seconds: int, metres: int) -> list[Violation]:
    """The stops from one served stop (not included) to the next: at most one carries the travel, whole."""
    carried = [(stop.travel_seconds, stop.travel_metres) for stop in way]
    moving = [pair for pair in carried if pair != (0, 0)]
    if moving == [(seconds, metres)] or (not moving and (seconds, metres) == (0, 0)):
        return []
    detail = f"{carried} seconds and metres instead of {seconds} and {metres} once"
    return [Violation("travel", detail, route.shift, way[-1].id)]


def setup_seconds(problem: Problem, route: Route, index: int) -> int:
    """Setup owed at a stop: that of its place, unless the stop served before left from the same place."""
    stop = route.stops[index]
    if stop.kind not in ("visit", "pickup", "dropoff"):
        return 0
    place = site(problem, stop)[0]
    earlier = [other for other in route.stops[1:index] if other.kind != "break"]
    if earlier and site(problem, earlier[-1])[1] == place:
        return 0
    return problem.places[problem.place_index[place]].setup_seconds


def clocks(problem: Problem, plan: Plan) -> list[Violation]:
    """Arrival = departure + travel; start = arrival + setup + wait; departure = start + service."""
    broken = []
    for route in plan.routes:
        first = route.stops[0]
        if (first.wait, first.travel_seconds, first.travel_metres, first.setup_seconds) != (0, 0, 0, 0):
            broken.append(Violation("clock", "a route starts without travel, wait or setup", route.shift))
        if not first.arrival == first.start == first.departure:
            broken.append(Violation("clock", "a start takes no time", route.shift, first.id))
        for index, (before, stop) in enumerate(pairwise(route.stops), start=1):
            broken.extend(_clock(problem, route, index, before, stop))
    return broken


def _clock(problem: Problem, route: Route, index: int, before: Stop, stop: Stop) -> list[Violation]:
    broken = []

    def demand(cause: str, found: int, wanted: int) -> None:
        if found != wanted:
            broken.append(Violation(cause, f"{found} instead of {wanted}", route.shift, stop.id))

    demand("arrival", stop.arrival, before.departure + stop.travel_seconds)
    setup = setup_seconds(problem, route, index)
    demand("setup", stop.setup_seconds, setup)
    demand("wait", stop.wait, stop.start - stop.arrival - setup)
    if stop.wait < 0:
        broken.append(Violation("wait", f"starts {-stop.wait} s before it can", route.shift, stop.id))
    known = stop.kind not in ("end", "break") or _known_break(problem, route, stop)
    service = service_seconds(problem, route.shift, stop) if known and stop.kind != "end" else 0
    if known:
        demand("service", stop.departure - stop.start, service)
    return broken


def _known_break(problem: Problem, route: Route, stop: Stop) -> bool:
    rests = {rest.id for rest in problem.shift_of[route.shift].breaks}
    return stop.kind == "break" and stop.id in rests


def windows(problem: Problem, plan: Plan) -> list[Violation]:
    """Service starts inside a window, or after the last one where that is soft. A pinned time overrides."""
    held = {(p.stop.kind, p.stop.id, p.stop.member) for p in problem.pins if p.start_seconds is not None}
    broken = []
    for shift, stop in work_stops(problem, plan):
        task = problem.tasks[stop.id]
        if isinstance(task, Delivery):
            allowed = task.pickup.windows if stop.kind == "pickup" else task.dropoff.windows
        else:
            allowed = task.windows
        soft = task.late_second is not None and stop.kind != "pickup" and stop.start > allowed[-1][1]
        inside = any(begin <= stop.start <= finish for begin, finish in allowed)
        if not inside and not soft and stop.key not in held:
            broken.append(Violation("window", f"starts at {stop.start}, allowed {allowed}", shift.id, stop.id))
    return broken
