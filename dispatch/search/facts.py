"""The problem as kernels read it: tables of numbers that never change, made from a compiled network.

Legs are the network's nodes but its breaks, under the same numbers. A pickup that is only possible when the route
begins (its window closes no later than the shift opens, at the shift's start) is no leg to be placed: its drop-off
is `LOADED`, and the load counts from the start.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.search import columns as c
from dispatch.search.handles import Handle
from dispatch.search.neighbours import Nearness, nearness
from dispatch.search.tables import bond_rows, leg_rows, route_rows, task_rows
from dispatch.search.travel import clock_and_price
from dispatch.timing.forward import stop_preference
from dispatch.timing.network import Network

Ints = NDArray[np.int64]

PLAIN, COUPLED, RIDES, TIMED, CARRIES, LIKED, DIRECTLY = range(7)  # places in `flags`
LATE_MOST, UNFAIR, MOVED = range(3)  # places in `weights`
SAMPLED = 60  # places among which triangles of ways are looked at
ROUNDED, ROUNDINGS = 1.01, 3  # by what share and how many units a way may be dearer than by another stop


class Facts(NamedTuple):
    """n legs, m routes, t tasks, p places, d load dimensions, k candidates. Kernels are given `handle`."""

    flags: (
        Ints  # 0 or 1: nothing but single hard windows and loads · crews or bonds · ride limits · cost hangs on time ·
    )
    # loads are fetched on the way · some stops are liked here or there · no way is cheaper by another stop
    weights: Ints
    legs: Ints  # (n + 2m, LEG_WIDTH); sentinels hold their places only
    demand: Ints  # (n, d) what a leg adds to the load
    routes: Ints  # (m, ROUTE_WIDTH)
    room: Ints  # (m, d)
    tasks: Ints  # (t, TASK_WIDTH)
    windows: Ints  # (·, 2)
    breaks: Ints  # (·, 3) begin, end of their start's window; seconds
    bonds: Ints  # (·, 4) kind, other task, seconds, most seconds
    clock: NDArray[np.int32]  # (modes, p, p) travel with the setup paid on arrival
    price: NDArray[np.integer]  # (classes, p, p) cost of travel
    clock_out: NDArray[np.int32]  # both again as one row of numbers, and
    clock_in: NDArray[np.int32]  # by destination: a leg's ways from everywhere stand together
    price_out: NDArray[np.integer]
    price_in: NDArray[np.integer]
    stands: NDArray[np.int32]  # (n + 2m, 2) where a leg is, and where one is afterwards
    tabled: NDArray[np.int64]  # (m, 2) where a route's tables begin in those rows: clock, price
    allowed: NDArray[np.uint8]  # (n, m)
    liking: Ints  # (n, m) cost of preferences and of leaving the baseline; (1, 1) if there is none
    types: Ints  # (types + 1) first route of each type; routes of a type stand together
    before: NDArray[np.int32]  # (n, k) likely predecessors, −1 ends a row
    after: NDArray[np.int32]  # (n, k) likely successors
    near: Ints  # (n, k) legs by nearness in travel
    aboard: Ints  # (m, d) what is aboard when the horizon begins

    def handle(self) -> Handle:
        """What kernels are given."""
        return Handle(self, rows=("legs", "routes", "tasks", "windows", "breaks", "bonds", "stands", "tabled"))


class Compiled(NamedTuple):
    """Facts, and how to read a result: which route is which shift, which pickup goes with which loaded drop-off."""

    facts: Facts
    shift_of_route: list[int]
    loaded: dict[int, int]  # drop-off leg → its pickup's node


def compiled(network: Network) -> Compiled:
    """Everything the kernels need of a network."""
    order, types = _types(network)
    loaded = _loaded(network)
    ways = clock_and_price(network, order)
    clock, price = ways.clock, ways.price
    legs, windows = leg_rows(network, loaded, ways.where)
    routes, breaks = route_rows(network, order, modes=ways.modes, classes=ways.classes, places=ways.ends)
    tasks, bonds = bond_rows(network, task_rows(network))
    for dropoff, pickup in loaded.items():
        tasks[legs[dropoff, c.TASK], c.FIRST_LEG] = dropoff
        legs[pickup, c.OPEN], legs[pickup, c.CLOSE] = c.FOREVER, c.NEVER  # nobody's neighbour
    count, shifts = len(legs), len(order)
    sentinels = np.zeros((2 * shifts, c.LEG_WIDTH), np.int64)
    sentinels[:, c.TASK] = -1
    sentinels[:shifts, c.PLACE] = sentinels[:shifts, c.LEAVES] = routes[:, c.BEGINS]
    sentinels[shifts:, c.PLACE] = sentinels[shifts:, c.LEAVES] = routes[:, c.ENDS]
    for route, type_ in enumerate(np.repeat(np.arange(len(types) - 1), np.diff(types))):
        routes[route, c.TYPE] = type_
    allowed = np.zeros((max(1, count), shifts), np.uint8)
    route_of = np.argsort(np.array(order, np.int64))
    for leg in range(count):
        allowed[leg, route_of[network.nodes[leg].allowed]] = 1
    dimensions = len(network.dimensions)
    demand = np.array([network.nodes[leg].load for leg in range(count)], np.int64).reshape(count, dimensions)
    for leg in loaded:  # what is taken along from the start never adds on the way
        demand[leg] = -demand[leg]
    close: Nearness = nearness(legs, tasks, clock[0], price[0])
    legs = np.vstack([legs, sentinels])
    facts = Facts(
        flags=_flags(network, legs[:count], routes, breaks, bonds, windows, price),
        weights=np.array(
            [
                network.problem.objective.max_late_second,
                network.problem.objective.unfair_second,
                network.problem.objective.moved_second if network.published else 0,
            ],
            np.int64,
        ),
        legs=legs,
        demand=demand,
        routes=routes,
        room=np.array([network.capacities[shift] for shift in order], np.int64).reshape(shifts, dimensions),
        aboard=np.array([network.initial[shift] for shift in order], np.int64).reshape(shifts, dimensions),
        tasks=tasks,
        windows=windows,
        breaks=breaks,
        bonds=bonds,
        clock=clock,
        price=price,
        clock_out=clock.reshape(-1),
        clock_in=(inward := _by_destination(clock)).reshape(-1),
        price_out=price.reshape(-1),
        price_in=(inward if price is clock else _by_destination(price)).reshape(-1),
        stands=np.ascontiguousarray(legs[:, [c.PLACE, c.LEAVES]], np.int32),
        tabled=np.ascontiguousarray(routes[:, [c.MODE, c.CLASS]] * clock[0].size),
        allowed=allowed,
        liking=_liking(network, order, count),
        types=types,
        before=close.before,
        after=close.after,
        near=close.near,
    )
    return Compiled(facts, order, loaded)


def _by_destination(table: NDArray[Any]) -> NDArray[Any]:
    turned = np.ascontiguousarray(table.transpose(0, 2, 1))
    return table if np.array_equal(turned, table) else turned


def _loaded(network: Network) -> dict[int, int]:
    """Drop-offs whose pickup can only be made as the route begins: {drop-off: pickup}."""
    found = {}
    places = {(network.starts[index], shift.window[0]) for index, shift in enumerate(network.shifts)}
    pinned = {number for prefix in network.prefix for number in prefix}
    for bundle in network.bundles:
        if len(bundle.nodes) != 2 or network.nodes[bundle.nodes[0]].kind != "pickup":
            continue
        pickup, dropoff = (network.nodes[number] for number in bundle.nodes)
        if dropoff.max_ride is not None or pickup.direct or pickup.service or pickup.setup:
            continue
        moment = pickup.windows[0][0]
        begins = pickup.windows == ((moment, moment),) and (
            places == {(pickup.place, moment)}
            or all(
                (network.starts[shift], network.shifts[shift].window[0]) == (pickup.place, moment)
                for shift in pickup.allowed
            )
        )
        if begins and bundle.nodes[0] not in pinned:
            found[bundle.nodes[1]] = bundle.nodes[0]
    return found


def _types(network: Network) -> tuple[list[int], Ints]:
    """Shifts in the order of routes, interchangeable ones together, and where each type begins."""
    objective = network.problem.objective
    named = {caregiver for bundle in network.bundles for caregiver in bundle.task.preferred}
    named |= {caregiver for bundle in network.bundles for caregiver in bundle.task.excluded}
    special = {pin.shift for pin in network.problem.pins} | {network.shifts[s].id for s, _ in network.aboard.values()}
    alike = not (network.same or network.different or network.published)
    groups: dict[object, list[int]] = {}
    for index, shift in enumerate(network.shifts):
        own = not alike or shift.caregiver in named or shift.id in special
        twins = sum(other.caregiver == shift.caregiver for other in network.shifts) > 1
        key = (
            shift.mode, shift.start, shift.end, shift.window, shift.skills, tuple(sorted(shift.capacity.items())),
            tuple((rest.window, rest.seconds) for rest in shift.breaks), shift.longest_work_seconds,
            shift.overtime_after_seconds, tuple(sorted(shift.cost.items())), objective,
            index if own or twins else None,
        )  # fmt: skip
        groups.setdefault(key, []).append(index)
    order = [index for group in groups.values() for index in group]
    return order, np.cumsum([0, *(len(group) for group in groups.values())]).astype(np.int64)


def _liking(network: Network, order: list[int], count: int) -> Ints:
    if not network.published and not any(node.bonus for node in network.nodes):
        return np.zeros((1, 1), np.int64)
    rows = [[stop_preference(network, shift, leg) for shift in order] for leg in range(count)]
    return np.array(rows, np.int64).reshape(count, len(order))


def _flags(
    network: Network, legs: Ints, routes: Ints, breaks: Ints, bonds: Ints, windows: Ints, price: NDArray[np.integer]
) -> Ints:
    objective = network.problem.objective
    rides = bool((legs[:, c.RIDE] >= 0).any())
    crews = any(len(bundle.nodes) > 1 and network.nodes[bundle.nodes[0]].kind == "visit" for bundle in network.bundles)
    coupled = crews or len(bonds) > 0
    overtime = bool((routes[:, c.OVERTIME] < c.FOREVER).any() and (routes[:, c.OVERTIME_COST] > 0).any())
    moved = bool(objective.moved_second and network.published)
    late = bool((legs[:, c.LATE] > 0).any())
    timed = late or moved or overtime or bool(routes[:, c.WAIT_COST].any()) or bool(objective.unfair_second)
    limited = bool((routes[:, c.LONGEST] < c.FOREVER).any())
    soft = bool((legs[:, c.SOFT] < c.FOREVER).any()) or len(windows) > len(legs)
    plain = not (rides or coupled or timed or limited or soft or len(breaks))
    placed = legs[legs[:, c.OPEN] < c.FOREVER]  # without the pickups that are no legs to be placed
    carries = bool(np.isin(placed[:, c.KIND], (c.PICKUP, c.ABOARD)).any())
    liked = network.published or any(node.bonus for node in network.nodes)
    directly = bool((placed[:, c.PLACE] == placed[:, c.LEAVES]).all()) and _is_metric(price, placed[:, c.PLACE])
    return np.array([plain, coupled, rides, timed, carries, bool(liked), directly], np.int64)


def _is_metric(price: NDArray[np.integer], places: Ints) -> bool:
    """Whether the direct way is the cheapest among some of these places, but for rounding, by every table."""
    known = np.unique(places)
    some = known[np.linspace(0, max(0, len(known) - 1), min(len(known), SAMPLED)).astype(np.int64)]
    for table in price:
        ways = table[np.ix_(some, some)].astype(np.int64)
        by_another = (ways[:, :, None] + ways[None, :, :]).min(axis=1, initial=np.iinfo(np.int64).max)
        if (ways > ROUNDED * by_another + ROUNDINGS).any():
            return False
    return True
