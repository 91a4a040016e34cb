"""Tiny problems for tests: places on a line, one minute of travel per step, so that numbers work out by hand."""

from __future__ import annotations

from typing import Any

from dispatch import check, solve
from dispatch.objective import Objective
from dispatch.places import Dense, Place
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.refine import Clock, finish
from dispatch.shifts import Break, Shift
from dispatch.tasks import Delivery, Halt, Member, Visit
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

MINUTE = 60
HOUR = 3600
DAY = (0, 10 * HOUR)


def minutes(begin: int, finish: int) -> tuple[int, int]:
    """A window in minutes."""
    return (begin * MINUTE, finish * MINUTE)


def line(count: int) -> tuple[tuple[Place, ...], Dense]:
    """Places p0, p1, … at one minute and 100 m from one another."""
    places = tuple(Place(f"p{index}", xy=(float(index), 0.0)) for index in range(count))
    steps = [[abs(i - j) for j in range(count)] for i in range(count)]
    dense = Dense(
        tuple(tuple(step * MINUTE for step in row) for row in steps),
        tuple(tuple(step * 100 for step in row) for row in steps),
    )
    return places, dense


def shift(name: str = "s1", **changes: Any) -> Shift:
    """A shift of ten hours from p0 and back, room for ten boxes."""
    values: dict[str, Any] = {
        "id": name, "caregiver": f"c-{name}", "mode": "bike", "start": "p0", "end": "p0", "window": DAY,
        "capacity": {"boxes": 10},
    }  # fmt: skip
    return Shift(**{**values, **changes})


def lunch(begin: int = 120, finish: int = 180, length: int = 30) -> Break:
    """A break starting between two minutes of the day."""
    return Break("lunch", minutes(begin, finish), length * MINUTE)


def visit(name: str = "v1", place: str = "p1", **changes: Any) -> Visit:
    """A visit of ten minutes at any time of the day. `crew=2` makes a crew of two."""
    crew = changes.pop("crew", 1)
    if isinstance(crew, int):
        crew = tuple(Member(10 * MINUTE) for _ in range(crew))
    values: dict[str, Any] = {"id": name, "place": place, "windows": (DAY,), "crew": crew}
    return Visit(**{**values, **changes})


def meal(name: str = "d1", pickup: str = "p1", dropoff: str = "p3", **changes: Any) -> Delivery:
    """A box from a kitchen to a door; a minute at each end."""
    values: dict[str, Any] = {
        "id": name,
        "pickup": Halt(pickup, changes.pop("ready", (DAY,)), 60),
        "dropoff": Halt(dropoff, changes.pop("due", (DAY,)), 60),
        "load": {"boxes": 1},
    }
    return Delivery(**{**values, **changes})


def problem(*parts: Any, count: int = 11, setup: dict[str, int] | None = None, **changes: Any) -> Problem:
    """A problem of these shifts, visits and deliveries on the line; one default shift if none is given."""
    places, dense = line(count)
    if setup:
        places = tuple(Place(p.id, xy=p.xy, setup_seconds=setup.get(p.id, 0)) for p in places)
    values: dict[str, Any] = {
        "places": places,
        "travel": {"bike": dense},
        "shifts": tuple(part for part in parts if isinstance(part, Shift)) or (shift(),),
        "visits": tuple(part for part in parts if isinstance(part, Visit)),
        "deliveries": tuple(part for part in parts if isinstance(part, Delivery)),
        "objective": Objective(),
    }
    return Problem(**{**values, **changes})


def served(plan: Plan) -> set[str]:
    """Ids of the tasks in the routes."""
    return {key[1] for key in plan.starts()}


def start_of(plan: Plan, task: str, kind: str = "visit", member: int = 0) -> int:
    """When a stop starts."""
    return plan.starts()[(kind, task, member)][1]


def shift_of(plan: Plan, task: str, kind: str = "visit", member: int = 0) -> str:
    """Which shift serves a stop."""
    return plan.starts()[(kind, task, member)][0]


def order_of(plan: Plan, name: str = "s1") -> list[str]:
    """The ids of a route's stops, without start and end."""
    route = next(route for route in plan.routes if route.shift == name)
    return [stop.id for stop in route.stops[1:-1]]


def planned(found: Problem) -> Plan:
    """Solve briefly; every plan must pass the checker."""
    plan = solve(found, seed=7, time_limit_seconds=5, iterations=300)
    assert check(found, plan) == []
    return plan


def earliest(found: Problem, *orders: list[str]) -> Schedule:
    """The stops and breaks on the shifts in these orders (crew members as they come), timed to the earliest."""
    network = Network(found)
    taken: set[int] = set()
    sequences: dict[int, list[int]] = {}
    for index, order in enumerate(orders):
        sequences[index] = []
        for name in order:
            able = (n for n, node in enumerate(network.nodes) if node.id == name and index in node.allowed)
            number = next(number for number in able if number not in taken)
            taken.add(number)
            sequences[index].append(number)
    schedule = Schedule(network)
    assert schedule.settle(sequences)
    return schedule


def plan_of(schedule: Schedule) -> Plan:
    """The checked plan of a schedule."""
    return finish(schedule, Clock(60.0), seed=0, iterations=0)


def arranged(found: Problem, *orders: list[str]) -> Plan:
    """The checked plan with these stops on the shifts in these orders, timed to the earliest."""
    return plan_of(earliest(found, *orders))
