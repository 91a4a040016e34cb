"""From the state back to routes: the one or two that a change touches are written anew, stop by stop."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dispatch.live.rests import Rests
from dispatch.live.tables import Tables
from dispatch.plan import PlanStopKind, Route, Stop
from dispatch.search import columns as c
from dispatch.timing.assembly import with_totals
from dispatch.timing.forward import cross
from dispatch.timing.nodes import Node

Ints = NDArray[np.int64]
KINDS: dict[int, PlanStopKind] = {c.VISIT: "visit", c.PICKUP: "pickup", c.DROPOFF: "dropoff", c.ABOARD: "dropoff"}


def legs_of(tables: Tables, number: int) -> list[int]:
    """The legs of a route in driving order."""
    succ, sentinels = tables.state.rows[:, c.SUCC], tables.sentinels
    found, leg = [], int(succ[sentinels + number])
    while leg < sentinels:
        found.append(leg)
        leg = int(succ[leg])
    return found


def changed_shifts(tables: Tables, before: Ints) -> list[int]:
    """The shifts whose stops are others, or start at another time, than in `before` (the state's rows then)."""
    rows = tables.state.rows
    columns = [c.ROUTE, c.START, c.PRED, c.BREAKS]
    legs = np.flatnonzero((rows[:, columns] != before[:, columns]).any(axis=1))
    numbers = np.unique(np.concatenate([rows[legs, c.ROUTE], before[legs, c.ROUTE]]))
    return [int(number) for number in numbers if number >= 0]


def write(tables: Tables, rests: Rests, number: int) -> Route | None:
    """A shift's route as the state times it; None if it has no stops."""
    legs = legs_of(tables, number)
    return _Writer(tables, rests, number, legs).route() if legs else None


class _Writer:
    def __init__(self, tables: Tables, rests: Rests, number: int, legs: list[int]) -> None:
        self.tables, self.rests, self.number, self.legs = tables, rests, number, legs
        self.shift = tables.problem.shifts[number]
        self.rows = tables.state.rows[legs][:, [c.START, c.BREAKS, c.BEGIN]].tolist()
        columns = [c.PLACE, c.LEAVES, c.SERVICE, c.KIND, c.TASK, c.MEMBER]
        self.facts = tables.facts.legs[legs][:, columns].tolist()
        self.demand = tables.facts.demand[legs].tolist()
        self.names = tables.network.dimensions
        self.load = list(tables.network.initial[number])
        home = self.shift.end
        ground = tables.ground
        leaves = [ground.row_of[self.shift.start], *(fact[1] for fact in self.facts)]
        places = [*(fact[0] for fact in self.facts), leaves[-1] if home is None else ground.row_of[home]]
        seconds, metres = ground.way(self.shift.mode, leaves, places)
        if home is None:
            seconds[-1] = metres[-1] = 0
        self.ways = list(zip(seconds, metres, strict=True))
        self.setups = [
            0 if rank and fact[0] == leaves[rank] else int(ground.setup[fact[0]])
            for rank, fact in enumerate(self.facts)
        ]
        self.clock = 0

    def route(self) -> Route:
        """The whole route."""
        begin, taken = self.rows[0][2], self.rows[0][1]
        stops = [Stop("start", self.shift.id, begin, begin, begin, load=self._loaded())]
        self.clock = begin
        for rank in range(len(self.legs)):
            upto = self.rows[rank][1]
            carried = self._breaks(stops, rank, list(range(taken, upto))) if rank and upto > taken else False
            stops.append(self._stop(rank, carried=carried))
            taken = upto
        seconds, metres = self.ways[-1]
        end = self.clock + seconds
        stops.append(
            Stop(
                "end", self.shift.id, end, end, end,
                travel_seconds=seconds, travel_metres=metres, load=self._loaded(),
            )
        )  # fmt: skip
        return with_totals(Route(self.shift.id, tuple(stops)))

    def _loaded(self) -> dict[str, int]:
        return dict(zip(self.names, self.load, strict=True))

    def _breaks(self, stops: list[Stop], rank: int, ranks: list[int]) -> bool:
        """Write the breaks on the way to a stop; whether one carries the travel."""
        seconds, metres = self.ways[rank]
        taken = _taken(self.rests, self.number, ranks, self.clock, seconds)
        for node, arrival, start, side in taken:
            stops.append(
                Stop(
                    "break", node.id, arrival, start, start + node.service, wait=start - arrival,
                    travel_seconds=seconds * side, travel_metres=metres * side, load=self._loaded(),
                )
            )  # fmt: skip
            self.clock = start + node.service
        return any(side == 1 for *_, side in taken)

    def _stop(self, rank: int, *, carried: bool) -> Stop:
        _, _, service, kind, task, member = self.facts[rank]
        seconds, metres = (0, 0) if carried else self.ways[rank]
        arrival, start, setup = self.clock + seconds, self.rows[rank][0], self.setups[rank]
        self.load = [have + more for have, more in zip(self.load, self.demand[rank], strict=True)]
        self.clock = start + service
        return Stop(
            KINDS[kind], self.tables.ids[task], arrival, start, start + service,
            member=member, wait=start - arrival - setup, setup_seconds=setup,
            travel_seconds=seconds, travel_metres=metres, load=self._loaded(),
        )  # fmt: skip


def breaks_between(rests: Rests, told: Iterable[list[int]]) -> dict[str, int]:
    """When a route's breaks between two stops start, of what `telling` has of it: what `write` would say of them, and
    nothing else."""
    found: dict[str, int] = {}
    for _, number, taken, upto, departure, way, _ in told:
        crossed = _taken(rests, number, range(taken, upto), departure, way)
        found |= {node.id: start for node, _, start, _ in crossed}
    return found


def _taken(
    rests: Rests, number: int, ranks: Iterable[int], departure: int, way: int
) -> list[tuple[Node, int, int, int]]:
    """A route's breaks of these ranks on a way: each with its arrival, its start and its side, as `cross` has them."""
    held = [rests.row(number, rank) for rank in ranks]
    nodes = [Node("break", rest.id, 0, -1, -1, -1, rest.seconds, (window,)) for rest, window in held]
    crossed = cross(nodes, [0] * len(nodes), departure, way)
    assert crossed is not None  # noqa: S101  # the state has found a way, and by the same rule
    return [(node, *taken) for node, taken in zip(nodes, crossed[1], strict=True)]


def keyed(route: Route | None) -> dict[tuple[str, str, int], int]:
    """Starts of all stops between the two ends, breaks included."""
    return {} if route is None else {stop.key: stop.start for stop in route.stops[1:-1]}


def kept_order(tables: Tables) -> np.ndarray:
    """All legs in an order that keeps who waits for whom: that of their starts, which leaves most room between keys;
    that of their keys where crews start one after another."""
    rows, tasks = tables.state.rows[: tables.sentinels], tables.facts.tasks
    if (tasks[tasks[:, c.LAST_LEG] - tasks[:, c.FIRST_LEG] > 1, c.MOST] > 0).any():
        return np.argsort(rows[:, c.KEY], kind="stable")
    return np.lexsort((rows[:, c.KEY], rows[:, c.START]))
