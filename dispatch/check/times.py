"""Travel, clocks and windows: every time of a route follows from the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from dispatch.check.roster import work_stops
from dispatch.check.violation import Violation
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Delivery
from dispatch.travel import single_ways


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


def travels(problem: Problem, plan: Plan) -> list[Violation]:
    """Travel between stops is that of the table; a break carries all of the way to the next stop or none."""
    broken: list[Violation] = []
    by_mode: dict[str, list[Route]] = defaultdict(list)
    for route in plan.routes:
        by_mode[problem.shift_of[route.shift].mode].append(route)
    for mode, routes in by_mode.items():
        pairs = [pair for route in routes for pair in _pairs(problem, route)]
        ways = zip(*single_ways(problem, mode, pairs), strict=True)
        for route in routes:
            broken.extend(_travels(route, ways, stays=problem.shift_of[route.shift].end is None))
    return broken


def _pairs(problem: Problem, route: Route) -> Iterator[tuple[int, int]]:
    """The rows of the places between which each way leads, the way home last if there is one."""
    shift, index = problem.shift_of[route.shift], problem.place_index
    place = index[shift.start]
    for stop in route.stops[1:-1]:
        if stop.kind != "break":
            reached, left = site(problem, stop)
            yield place, index[reached]
            place = index[left]
    if shift.end is not None:
        yield place, index[shift.end]


def _travels(route: Route, ways: Iterator[tuple[int, int]], *, stays: bool) -> Iterator[Violation]:
    """From one served stop (not included) to the next at most one carries the travel, whole. Who `stays` where her last
    stop was has no way home."""
    carried: list[tuple[int, int]] = []
    for stop in route.stops[1:]:
        if stop.travel_seconds or stop.travel_metres:
            carried.append((stop.travel_seconds, stop.travel_metres))
        if stop.kind == "break":
            continue
        way = (0, 0) if stays and stop.kind == "end" else next(ways)
        if carried != [way] and (carried or way != (0, 0)):
            detail = f"{carried} seconds and metres instead of {way[0]} and {way[1]} once"
            yield Violation("travel", detail, route.shift, stop.id)
        carried = []


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
