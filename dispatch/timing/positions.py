"""Where a node could go in a route: quick necessary tests, the cost of the detour, the span of its start.

A position that fails here can never be timed; one that passes must still be settled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dispatch.objective import priced
from dispatch.timing.forward import stop_preference, travel_weights
from dispatch.timing.nodes import Node
from dispatch.timing.schedule import Schedule
from dispatch.travel import Rows


class Position(NamedTuple):
    """Before sequence[slot] of a shift: what it adds in cost, and the earliest and latest start."""

    cost: int
    shift: int
    slot: int
    earliest: int
    latest: int


class Lane:
    """One route prepared for many position tests: departures, latest starts, neighbours that are no breaks."""

    def __init__(self, schedule: Schedule, shift: int) -> None:
        self.network = schedule.network
        self.shift = shift
        self.sequence = schedule.sequences[shift]
        self.timing = schedule.timings[shift]
        self.table = self.network.rows[shift]
        self.opens, self.closes = self.network.shifts[shift].window
        self.weights = travel_weights(self.network, shift)
        self.used = any(self.network.nodes[number].kind != "break" for number in self.sequence)
        prefix = self.network.prefix[shift]
        self._loads: list[tuple[int, ...]] | None = None
        self._ahead()
        self._behind()
        self.brought = self._behind_last(lambda _, node: node.direct and node.picked_up is not None)
        self.first_open = max(self.brought, self._behind_last(lambda number, _: number in prefix))

    def _ahead(self) -> None:
        """For every index: the last place before it, the earliest departure from there, rests since."""
        place, departure, rests, begun = self.network.starts[self.shift], self.opens, 0, False
        self.before: list[tuple[int, int, bool]] = []
        for index, number in enumerate(self.sequence):
            self.before.append((place, departure + rests, begun))
            node = self.network.nodes[number]
            if node.kind == "break":
                rests += node.service if begun else 0
                if not begun:
                    departure = max(departure, max(self.opens, node.windows[0][0]) + node.service)
                continue
            place, departure, rests, begun = node.leaves, self.timing.starts[index] + node.service, 0, True
        self.before.append((place, departure + rests, begun))

    def _behind(self) -> None:
        """For every index: the next place from it, the latest departure's limit there, its setup."""
        home, limit = self.network.ends[self.shift], self.closes
        size = len(self.sequence)
        self.after: list[tuple[int | None, int, int]] = [(home, limit, 0)] * (size + 1)
        place, setup, trailing = home, 0, True
        for index in range(size - 1, -1, -1):
            node = self.network.nodes[self.sequence[index]]
            if node.kind == "break":  # after the end it must begin in time; between stops it takes time
                limit = min(limit, node.windows[0][1]) if trailing else limit - node.service
            else:
                limit = self._latest_start(index, node, place, limit - setup * (place != node.leaves))
                place, setup, trailing = node.place, node.setup, False
            self.after[index] = (place, limit, setup)

    def _latest_start(self, index: int, node: Node, place: int | None, limit: int) -> int:
        travel = 0 if place is None else self.table.seconds[node.leaves][place]
        ready = limit - travel - node.service
        if node.late_weight is not None and ready > node.windows[-1][1]:
            return ready
        fits = [min(ready, finish) for begin, finish in node.windows if begin <= ready]
        return max(self.timing.starts[index], *fits) if fits else self.timing.starts[index]

    def _behind_last(self, is_one: Callable[[int, Node], bool]) -> int:
        """The first index behind all of the sequence's stops of a kind; 0 if there are none."""
        nodes, found = self.network.nodes, 0
        for index, number in enumerate(self.sequence):
            if is_one(number, nodes[number]):
                found = index + 1
        return found

    def _rests(self, first: int, last: int) -> bool:
        """Whether there are only breaks from one index up to another."""
        return all(self.network.nodes[number].kind == "break" for number in self.sequence[first:last])

    def open_to(self, number: int, index: int) -> bool:
        """Whether order rules let the node stand before sequence[index]."""
        nodes, node = self.network.nodes, self.network.nodes[number]
        previous = nodes[self.sequence[index - 1]] if index else None
        if index < self.brought or (previous is not None and previous.kind == "pickup" and previous.direct):
            return False
        if node.direct and node.picked_up is not None and not self._rests(0, index):
            return False
        prefix = self.network.prefix[self.shift]
        if number in prefix:
            rank = prefix.index(number)
            before = [self.sequence.index(other) + 1 for other in prefix[:rank] if other in self.sequence]
            least = max(before, default=0)
            return index >= least and self._rests(least, index)
        return index >= self.first_open

    def detour(self, place: int, leaves: int, index: int) -> int:
        """Cost of the way over a stop instead of straight on, with the shift's own cost if it was unused."""
        origin, target = self.before[index][0], self.after[index][0]
        per_second, per_metre = self.weights
        seconds = self._around(self.table.seconds, origin, place, leaves, target)
        metres = self._around(self.table.metres, origin, place, leaves, target) if per_metre else 0
        return round(per_second * seconds + per_metre * metres) + (0 if self.used else self._first_use())

    def _first_use(self) -> int:
        objective, held = self.network.problem.objective, self.network.shifts[self.shift]
        return priced(objective.shift_used, held.cost.get("shift_used", 1), 1)

    def _around(self, rows: Rows, origin: int, place: int, leaves: int, target: int | None) -> int:
        ahead = rows[origin][place]
        if target is None:
            return ahead
        straight = rows[origin][target] if self.used else 0
        return ahead + rows[leaves][target] - straight

    def position(self, number: int, index: int) -> Position | None:
        """The position before sequence[index], or None if the node cannot be there."""
        node = self.network.nodes[number]
        origin, departure, begun = self.before[index]
        setup = node.setup if not begun or origin != node.place else 0
        start = node.opens(departure + self.table.seconds[origin][node.place] + setup)
        if start is None:
            return None
        latest = self.latest(node, index)
        if start > latest:
            return None
        cost = self.detour(node.place, node.leaves, index) + stop_preference(self.network, self.shift, number)
        return Position(cost, self.shift, index, start, latest)

    def latest(self, node: Node, index: int) -> int:
        """The latest start of a node put before sequence[index] that what follows can bear."""
        target, limit, setup = self.after[index]
        latest = limit - node.service
        if target is not None:
            latest -= self.table.seconds[node.leaves][target] + (setup if target != node.leaves else 0)
        return min(latest, node.latest)

    def positions(self, number: int) -> list[Position]:
        """All positions of a node in this route that pass the quick tests."""
        if self.shift not in self.network.nodes[number].allowed:
            return []
        found = []
        for index in range(len(self.sequence) + 1):
            if self.open_to(number, index):
                position = self.position(number, index)
                if position is not None:
                    found.append(position)
        return found

    def liking(self, *numbers: int) -> int:
        """What serving these nodes costs in preferences and moves."""
        return sum(stop_preference(self.network, self.shift, number) for number in numbers)

    def loads(self) -> list[tuple[int, ...]]:
        """What is aboard just before sequence[index], for every index, and at the end; computed once."""
        if self._loads is None:
            carried = self.network.initial[self.shift]
            self._loads = [carried]
            for number in self.sequence:
                added = self.network.nodes[number].load
                carried = tuple(have + more for have, more in zip(carried, added, strict=True))
                self._loads.append(carried)
        return self._loads
