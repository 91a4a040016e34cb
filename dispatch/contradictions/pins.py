"""Pins that cannot be kept: on shifts that may not serve what is pinned, at the head of a route in an order that makes
no sense, or on one shift at times that leave no way from one to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dispatch.contradictions.needs import Day
from dispatch.contradictions.ways import least_way
from dispatch.errors import Fault
from dispatch.problem import Problem
from dispatch.tasks import Pin, StopRef, Visit

Timed = tuple[int, int, Pin]  # when it starts, its index, the pin


def of_pins(day: Day) -> Iterator[Fault]:
    """What is wrong with a pin by itself, then with two on one shift."""
    yield from _alone(day)
    timed: dict[str, list[Timed]] = defaultdict(list)
    for index, pin in enumerate(day.problem.pins):
        if pin.hold != "time" and pin.start_seconds is not None:
            timed[pin.shift].append((pin.start_seconds, index, pin))
    for pins in timed.values():
        pins.sort()
        for place, later in enumerate(pins):
            clash = next((earlier for earlier in pins[:place] if not _follows(day, earlier, later)), None)
            if clash is not None:
                yield _clash(day, clash, later)


def _alone(day: Day) -> Iterator[Fault]:
    heads: set[tuple[str, StopRef]] = set()
    for index, pin in enumerate(day.problem.pins):
        if pin.hold == "prefix":
            heads.add((pin.shift, pin.stop))
        if pin.hold == "time":
            continue
        task, shift = day.problem.tasks[pin.stop.id], day.problem.shift_of[pin.shift]
        name = f"{pin.stop.kind} {task.id}"
        tests = day.tests(task, day.needs(task)[pin.stop.member])
        failed = next((test for test in tests if not test[3](shift)), None)
        if failed is not None:
            code, asks, lacking, _ = failed
            detail = f"{name} {asks}, but is pinned to shift {shift.id}, which is none that {lacking}"
            yield Fault(f"/pins/{index}", code, detail)
        elif _is_late_pickup(day, pin, heads):
            detail = f"{name} is pinned to the head of shift {shift.id}, its pickup is not pinned before it"
            yield Fault(f"/pins/{index}", "pin", detail)


def _is_late_pickup(day: Day, pin: Pin, heads: set[tuple[str, StopRef]]) -> bool:
    """Whether something is to be dropped off at the head of a route that is not aboard by then."""
    if pin.hold != "prefix" or pin.stop.kind != "dropoff" or pin.stop.id in day.aboard:
        return False
    return (pin.shift, StopRef("pickup", pin.stop.id)) not in heads


def _follows(day: Day, earlier: Timed, later: Timed) -> bool:
    """Whether a caregiver could do one pinned stop and then the other; at one second, in either order."""
    orders = [(earlier, later)] + ([(later, earlier)] if earlier[0] == later[0] else [])
    return any(one[0] + _service(day.problem, one[2].stop) + _way(day, one, two) <= two[0] for one, two in orders)


def _way(day: Day, one: Timed, two: Timed) -> int:
    """At least how long she is on her way and sets up: looked for only if the time is short."""
    spare = two[0] - one[0] - _service(day.problem, one[2].stop)
    left, goal = _places(day.problem, one[2].stop)[1], _places(day.problem, two[2].stop)[0]
    return least_way(day.problem, day.problem.shift_of[one[2].shift].mode, left, goal, enough=spare)


def _service(problem: Problem, stop: StopRef) -> int:
    task = problem.tasks[stop.id]
    if isinstance(task, Visit):
        return task.crew[stop.member].service_seconds
    return (task.pickup if stop.kind == "pickup" else task.dropoff).service_seconds


def _places(problem: Problem, stop: StopRef) -> tuple[str, str]:
    """Where a stop begins and where it is left from."""
    task = problem.tasks[stop.id]
    if isinstance(task, Visit):
        return task.place, task.end or task.place
    place = (task.pickup if stop.kind == "pickup" else task.dropoff).place
    return place, place


def _clash(day: Day, earlier: Timed, later: Timed) -> Fault:
    one, two = earlier[2].stop, later[2].stop
    left, way = earlier[0] + _service(day.problem, one), _way(day, earlier, later)
    setup = day.problem.places[day.problem.place_index[_places(day.problem, two)[0]]].setup_seconds
    away = f" and is {way} s away" + (" with its setup" if setup else "")
    detail = (
        f"{two.kind} {two.id} is pinned to shift {later[2].shift} at {later[0]}, but {one.kind} {one.id}, pinned to it "
        f"at {earlier[0]}, lasts until {left}" + (away if way else "")
    )
    return Fault(f"/pins/{later[1]}", "pin", detail)
