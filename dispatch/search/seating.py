"""From a schedule into the search's state, and back to sequences of nodes with their breaks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numba import int64
from numpy.typing import NDArray

from dispatch.search import columns as c
from dispatch.search.columns import FIRST_LEG, ROUTE, SUCC
from dispatch.search.compiled import kernel
from dispatch.search.facts import CARRIES, Compiled
from dispatch.search.inserting import insert
from dispatch.search.linking import put, reload, served
from dispatch.search.settling import settle
from dispatch.search.state import KEY_BITS, State, forget, log_is_full
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

Ints = NDArray[np.int64]


@kernel
def seat(facts, state, legs, routes, keys):
    """Put legs, route by route in driving order, with these keys into an empty state; False if they do not fit."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    forget(state)
    last, route = -1, -1
    for place in range(legs.shape[0]):
        leg = legs[place]
        if routes[place] != route:
            route = routes[place]
            last = sentinels + route
        put(facts, state, leg, last, keys[place])
        last = leg
        if log_is_full(state):
            forget(state)
    for task in range(facts.tasks.shape[0]):
        if state.rows[facts.tasks[task, FIRST_LEG], ROUTE] >= 0:
            served(facts, state, task)
    if facts.flags[CARRIES]:
        for route in range(facts.routes.shape[0]):  # whole routes: what is aboard hangs on all that came before
            reload(facts, state, state.rows[sentinels + route, SUCC], int64(-1))
            if log_is_full(state):
                forget(state)
    forget(state)
    fits = settle(facts, state)
    forget(state)
    return fits


@kernel
def fill(facts, state, order, chance):
    """Insert unserved tasks in the given order, each where it costs least."""
    for place in range(order.shape[0]):
        task = order[place]
        if state.rows[facts.tasks[task, FIRST_LEG], ROUTE] < 0:
            forget(state)
            insert(facts, state, task, 0.0, chance)
    forget(state)


def seated(compiled: Compiled, facts: Any, schedule: Schedule, state: Any) -> bool:
    """Bring a schedule into an empty state, by handles of both; False if it does not fit the search's timing."""
    network = schedule.network
    ghosts = set(compiled.loaded.values())
    order: list[tuple[int, int]] = []
    for route, shift in enumerate(compiled.shift_of_route):
        order.extend(
            (leg, route)
            for leg in schedule.sequences[shift]
            if network.nodes[leg].kind != "break" and leg not in ghosts
        )
    if not order:
        return True
    keys = _keys(network, schedule, order)
    if len(keys) < len(order):
        return False
    legs = np.array([leg for leg, _ in order], np.int64)
    routes = np.array([route for _, route in order], np.int64)
    return bool(seat(facts, state, legs, routes, np.array([keys[leg] for leg in legs], np.int64)))


def _keys(network: Network, schedule: Schedule, order: list[tuple[int, int]]) -> dict[int, int]:
    """Keys that grow along routes, are shared by crews and follow sequences and the order of an elder's visits; none
    for crews with staggered starts that come before one another on different routes, which the search cannot say."""
    follows: dict[int, set[int]] = {}  # by cluster: clusters that must come later
    before: dict[int, int] = {}
    cluster = {leg: _cluster(network, leg) for leg, _ in order}
    times: dict[int, int] = {}

    def link(one: int, two: int) -> None:
        if one != two and two not in follows.setdefault(one, set()):
            follows[one].add(two)
            before[two] = before.get(two, 0) + 1

    for (one, route), (two, other) in pairwise(order):
        if route == other:
            link(cluster[one], cluster[two])
    for leg, _ in order:
        times[cluster[leg]] = max(times.get(cluster[leg], 0), schedule.starts[leg])
        for target, seconds in network.links.get(leg, ()):
            if seconds >= 0 and target in cluster and network.nodes[target].task != network.nodes[leg].task:
                link(cluster[leg], cluster[target])
        for other in network.groups.get(network.nodes[leg].task, ()):
            node = network.bundles[other].nodes[0]
            if other != network.nodes[leg].task and node in cluster and schedule.starts[leg] < schedule.starts[node]:
                link(cluster[leg], cluster[node])
    keys = _sorted_keys(times, follows, before)
    return {leg: keys[number] for leg, number in cluster.items() if number in keys}


def _cluster(network: Network, leg: int) -> int:
    """The legs of a crew are one cluster, named by its first leg; every other leg is its own."""
    return network.bundles[network.nodes[leg].task].nodes[0] if network.nodes[leg].kind == "visit" else leg


def _sorted_keys(times: dict[int, int], follows: dict[int, set[int]], before: dict[int, int]) -> dict[int, int]:
    """Kahn's order; a key is the start, or a hair above what must come before."""
    keys: dict[int, int] = {}
    waiting = dict(before)
    floor: dict[int, int] = {}
    ready = [number for number in times if not waiting.get(number)]
    while ready:
        number = ready.pop()
        keys[number] = max(times[number] << KEY_BITS, floor.get(number, -(1 << 61)))
        for later in follows.get(number, ()):
            floor[later] = max(floor.get(later, -(1 << 61)), keys[number] + 1)
            waiting[later] -= 1
            if not waiting[later]:
                ready.append(later)
    return keys


def sequences(compiled: Compiled, network: Network, state: State) -> list[list[int]]:
    """The state's routes by shift, as sequences of the network's nodes: loads of the start first, breaks in place."""
    facts = compiled.facts
    count = len(facts.legs) - 2 * len(facts.routes)
    found: list[list[int]] = [[] for _ in network.shifts]
    for route, shift in enumerate(compiled.shift_of_route):
        rests = network.breaks[shift]
        legs: list[int] = []
        leg, taken = int(state.rows[count + route, SUCC]), 0
        sequence: list[int] = []
        while leg < count:
            upto = int(state.rows[leg, c.BREAKS])
            sequence.extend(rests[taken:upto])
            taken = max(taken, upto)
            sequence.append(leg)
            legs.append(leg)
            leg = int(state.rows[leg, SUCC])
        sequence.extend(rests[taken:])
        found[shift] = [compiled.loaded[leg] for leg in legs if leg in compiled.loaded] + sequence
    return found


def starts(compiled: Compiled, state: State) -> dict[int, int]:
    """When the state's legs start, by node."""
    count = len(compiled.facts.legs) - 2 * len(compiled.facts.routes)
    on_route = np.flatnonzero(state.rows[:count, ROUTE] >= 0)
    return {int(leg): int(state.rows[leg, c.START]) for leg in on_route}
