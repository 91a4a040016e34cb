"""A published plan into the state: its starts as promises, keys that follow them, and proof that nothing moved."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dispatch.errors import PlanUnfit
from dispatch.live.kernels.promises import hold_all
from dispatch.live.rests import Rests
from dispatch.live.tables import Tables
from dispatch.live.writing import keyed, write
from dispatch.plan import Plan
from dispatch.search import columns as c
from dispatch.search.seating import seat
from dispatch.search.state import KEY_BITS


def seat_plan(tables: Tables, rests: Rests, plan: Plan) -> None:
    """Bring a valid plan into an empty state. Raises PlanUnfit if its times do not come out again."""
    number_of = {shift.id: number for number, shift in enumerate(tables.problem.shifts)}
    legs, routes, starts = [], [], []
    for route in sorted(plan.routes, key=lambda route: number_of[route.shift]):
        number = number_of[route.shift]
        rests.hold(number, route)
        for stop in route.stops[1:-1]:
            if stop.kind != "break":
                legs.append(leg_of(tables, stop.id, stop.kind, stop.member))
                routes.append(number)
                starts.append(stop.start)
    facts, state, live = tables.handles
    hold_all(facts, live, np.array(legs, np.int64), np.array(starts, np.int64))
    keys = _keys(tables, legs, routes, starts)
    if legs and not seat(facts, state, np.array(legs), np.array(routes), keys):
        raise PlanUnfit(
            ["its times cannot be kept: breaks, rides or crews are timed in a way that the engine does not"]
        )
    moved = [
        f"{route.shift}: {key[0]} {key[1]} starts at {start}, would start at {found.get(key)}"
        for route in plan.routes
        for found in [keyed(write(tables, rests, number_of[route.shift]))]
        for key, start in keyed(route).items()
        if found.get(key) != start
    ]
    if moved:
        raise PlanUnfit(moved)


def leg_of(tables: Tables, task: str, kind: str, member: int) -> int:
    """The leg of a stop."""
    legs = tables.legs_of(tables.number[task])
    return legs[-1] if kind == "dropoff" else legs[member]


def _keys(tables: Tables, legs: list[int], routes: list[int], starts: list[int]) -> np.ndarray:
    """Keys that grow along routes, are shared by crews and follow bonds: the starts, or a hair above what must come
    before (Kahn's order). Raises PlanUnfit where crews wait for one another in a circle of staggered starts."""
    start_of = dict(zip(legs, starts, strict=True))
    cluster = {leg: _cluster(tables, leg) for leg in legs}
    times: dict[int, int] = {}
    for leg, start in start_of.items():
        times[cluster[leg]] = max(times.get(cluster[leg], 0), start)
    follows: dict[int, set[int]] = {number: set() for number in times}
    for (one, route), (two, other) in pairwise(zip(legs, routes, strict=True)):
        if route == other:
            follows[cluster[one]].add(cluster[two])
    for one, two in _bound(tables, start_of):
        follows[cluster[one]].add(cluster[two])
    keys = _in_order(times, follows)
    if len(keys) < len(times):
        raise PlanUnfit(["crews with staggered starts wait for one another in a circle"])
    return np.array([keys[cluster[leg]] for leg in legs], np.int64)


def _in_order(times: dict[int, int], follows: dict[int, set[int]]) -> dict[int, int]:
    """Kahn's order; those in a circle get no key."""
    waiting = dict.fromkeys(times, 0)
    for number, later in follows.items():
        later.discard(number)
        for other in later:
            waiting[other] += 1
    keys: dict[int, int] = {}
    floor = dict.fromkeys(times, -(1 << 61))
    ready = [number for number, count in waiting.items() if not count]
    while ready:
        number = ready.pop()
        keys[number] = max(times[number] << KEY_BITS, floor[number])
        for other in follows[number]:
            floor[other] = max(floor[other], keys[number] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return keys


def _cluster(tables: Tables, leg: int) -> int:
    """The legs of a crew are one cluster, named by its first leg; every other leg is its own."""
    kind, task = tables.facts.legs[leg, [c.KIND, c.TASK]]
    return int(tables.facts.tasks[task, c.FIRST_LEG]) if kind == c.VISIT else leg


def _bound(tables: Tables, start_of: dict[int, int]) -> list[tuple[int, int]]:
    """Pairs of legs of which the first must have the smaller key: sequences, and an elder's visits in their order."""
    rows = tables.facts.tasks
    found: list[tuple[int, int]] = []
    for task, (first, last) in enumerate(rows[: tables.used.tasks, [c.BONDS, c.BONDS_END]].tolist()):
        for kind, other, _, _ in tables.facts.bonds[first:last].tolist():
            one, two = tables.legs_of(task), tables.legs_of(other)
            if one[0] not in start_of or two[0] not in start_of:
                continue
            if kind == c.BEFORE:
                found.extend((leg, two[0]) for leg in (one[0], one[-1]))
            elif kind == c.ELDER and (start_of[one[0]], task) < (start_of[two[0]], other):
                found.append((one[0], two[0]))
    return found
