"""Breaks of a live plan: held where the plan has them, as starts of stops are, by cutting their windows off.

The search takes a route's breaks in the order of their rows, each as soon as it costs nothing. So the rows stand in the
plan's order, a break between two stops starts no earlier than planned, and one that is owed after the route's end no
earlier than that end. One taken before the route is free to be taken anywhere once the route begins too early for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Window
from dispatch.plan import Route
from dispatch.search import columns as c
from dispatch.shifts import Break, Shift, in_turn

Ints = NDArray[np.int64]


class Rests:
    """The breaks of all routes as the tables have them. `planned` holds starts of those that are stops."""

    def __init__(self, shifts: tuple[Shift, ...], routes: Ints, breaks: Ints) -> None:
        self._breaks = breaks
        self._first = routes[:, c.FIRST_BREAK].tolist()
        self.of_route: list[list[Break]] = [list(shift.breaks_in_turn) for shift in shifts]
        self._opens = [shift.window[0] for shift in shifts]
        self.planned = np.full(len(breaks), -1, np.int64)

    def hold(self, number: int, route: Route | None) -> None:
        """Hold the breaks of a shift where its route has them; free them if it has none."""
        rests, first = self.of_route[number], self._first[number]
        if not rests:
            return
        held = _in_order(rests, self._opens[number], route) if route is not None else _unheld(rests)
        self.of_route[number] = [rest for rest, _, _ in held]
        for row, (rest, window, start) in enumerate(held, start=first):
            self._breaks[row] = (*window, rest.seconds)
            self.planned[row] = start

    def reopen(self, number: int, since: int) -> None:
        """The breaks of a shift planned from a second on have not begun, whatever the plan says."""
        for row, rest in enumerate(self.of_route[number], start=self._first[number]):
            if self.planned[row] >= since:
                self._breaks[row, 0], self._breaks[row, 1] = (
                    self.planned[row],
                    max(rest.window[1], self._breaks[row, 1]),
                )

    def free(self, number: int, now: int) -> None:
        """Let the breaks of a shift that have not begun be taken whenever their windows allow, but in the past."""
        first, rests = self._first[number], self.of_route[number]
        rows = range(first, first + len(rests))
        open_ = [row for row in rows if not 0 <= self.planned[row] <= now]
        freed = {rests[row - first]: min(now, int(self._breaks[row, 0])) for row in open_}
        for row, rest in zip(open_, in_turn(freed), strict=True):
            rests[row - first] = rest
            self._breaks[row] = (max(rest.window[0], freed[rest]), rest.window[1], rest.seconds)
            self.planned[row] = -1

    def release(self, number: int, first: int) -> None:
        """Hold the breaks of a shift from this rank on no more, begun or not: no stop follows them."""
        for rank, rest in enumerate(self.of_route[number][first:], start=first):
            row = self._first[number] + rank
            self.planned[row] = -1
            self._breaks[row, 0], self._breaks[row, 1] = rest.window

    def begun_upto(self, number: int, rank: int, now: int) -> int:
        """The first rank from this one on whose break has not begun."""
        row, count = self._first[number], len(self.of_route[number])
        while rank < count and 0 <= self.planned[row + rank] <= now:
            rank += 1
        return rank

    def put_behind(self, number: int, first: int, since: int) -> None:
        """Let the breaks of a shift from this rank on start no earlier than this."""
        row = self._first[number]
        rows = self._breaks[row + first : row + len(self.of_route[number]), 0]
        np.maximum(rows, since, out=rows)

    def close(self, number: int, ends: dict[str, int]) -> None:
        """Let the breaks of a shift start no later than this."""
        for rank, rest in enumerate(self.of_route[number]):
            row = self._first[number] + rank
            self.of_route[number][rank] = replace(rest, window=(rest.window[0], ends[rest.id]))
            if self.planned[row] < 0:
                self._breaks[row, 1] = ends[rest.id]

    def extend(self, number: int, until: int) -> None:
        """Let the breaks of a shift that have not begun start until then, if they may not do so later anyhow."""
        for rank, rest in enumerate(self.of_route[number]):
            row = self._first[number] + rank
            if self.planned[row] < 0:
                end = max(rest.window[1], until)
                self.of_route[number][rank] = replace(rest, window=(rest.window[0], end))
                self._breaks[row, 1] = end

    def excuse(self, number: int, name: str, seconds: int) -> None:
        """Let a break of a shift start so many seconds later."""
        for rank, rest in enumerate(self.of_route[number]):
            if rest.id == name:
                end = rest.window[1] + seconds
                self.of_route[number][rank] = replace(rest, window=(rest.window[0], end))
                self._breaks[self._first[number] + rank, 1] = max(end, self._breaks[self._first[number] + rank, 1])

    def freeze(self, now: int) -> None:
        """Fix the breaks that have begun."""
        begun = np.flatnonzero(self.begun(now))
        self._breaks[begun, 0] = self._breaks[begun, 1] = self.planned[begun]

    def begun(self, now: int) -> NDArray[np.bool_]:
        """Which rows are breaks that have begun."""
        begun: NDArray[np.bool_] = (self.planned >= 0) & (self.planned <= now)
        return begun

    def put_off(self, number: int, starts: dict[str, int]) -> None:
        """Hold breaks at these later starts."""
        for row, rest in enumerate(self.of_route[number], start=self._first[number]):
            if rest.id in starts:
                self._breaks[row, 0] = max(int(self._breaks[row, 0]), starts[rest.id])

    def relax(self, number: int, now: int, left: int) -> None:
        """Let the breaks that have not begun start at any time, a shift's own also if planned from `left` on."""
        self._breaks[~self.begun(now), 1] = c.FOREVER
        self._breaks[[row for row, _ in self._to_come(number, now, left)], 1] = c.FOREVER

    def hurry(self, number: int, now: int, left: int, late: int) -> None:
        """Let the breaks of a shift for which it is too late once a stop, planned to be left at `left`, is left so much
        later, start as soon as they can."""
        clock = left + late
        for row, rest in self._to_come(number, now, left):
            begins = max(clock, int(self._breaks[row, 0]) if self.planned[row] < 0 else rest.window[0])
            if begins > rest.window[1]:
                self._breaks[row, 1], clock = begins, begins + rest.seconds

    def _to_come(self, number: int, now: int, left: int) -> list[tuple[int, Break]]:
        rows = enumerate(self.of_route[number], start=self._first[number])
        return [(row, rest) for row, rest in rows if not 0 <= self.planned[row] < min(left, now + 1)]

    def over(self, breaks: Ints) -> Rests:
        """The same breaks with another table."""
        twin = copy(self)
        twin._breaks = breaks  # noqa: SLF001  # its own kind
        twin.of_route = [list(rests) for rests in self.of_route]
        return twin

    def row(self, number: int, rank: int) -> tuple[Break, Window]:
        """A route's break by its rank, and when it may start as things are."""
        row = self._first[number] + rank
        begin, end, _ = self._breaks[row].tolist()
        return self.of_route[number][rank], (begin, end)

    def kept(self) -> tuple[list[list[Break]], Ints]:
        """What `restore` puts back, besides the table itself."""
        return [list(rests) for rests in self.of_route], self.planned.copy()

    def restore(self, kept: tuple[list[list[Break]], Ints]) -> None:
        """Be as when the copy was made."""
        self.of_route = [list(rests) for rests in kept[0]]
        self.planned[:] = kept[1]


def _unheld(rests: Iterable[Break]) -> list[tuple[Break, Window, int]]:
    return [(rest, rest.window, -1) for rest in in_turn(rests)]


def _in_order(rests: list[Break], opens: int, route: Route) -> list[tuple[Break, Window, int]]:
    """A shift's breaks as they are taken: before the route, in it, after it, with window and planned start."""
    by_id = {rest.id: rest for rest in rests}
    stops = [(by_id.pop(stop.id), stop.start) for stop in route.stops if stop.kind == "break"]
    outside = in_turn(by_id.values())
    ahead, behind = _outside(outside, opens, route.stops[0].departure, route.stops[-1].arrival)
    return [*ahead, *((rest, (start, rest.window[1]), start) for rest, start in stops), *behind]


def _outside(
    rests: Sequence[Break], opens: int, leaves: int, arrives: int
) -> tuple[list[tuple[Break, Window, int]], list[tuple[Break, Window, int]]]:
    """The breaks before a route and after it, one after another, in the first order that keeps their windows."""
    found = None
    for order in permutations(rests):
        clock, ahead = opens, 0
        for rest in order:
            begins = max(clock, rest.window[0])
            if begins > rest.window[1] or begins + rest.seconds > leaves:
                break
            clock, ahead = begins + rest.seconds, ahead + 1
        if found is None or _fit(order[ahead:], arrives):
            found = order[:ahead], order[ahead:]
        if _fit(found[1], arrives):
            break
    before, after = found or ((), ())
    return (
        [(rest, rest.window, -1) for rest in before],
        [(rest, (max(rest.window[0], arrives), rest.window[1]), -1) for rest in after],
    )


def _fit(rests: Iterable[Break], clock: int) -> bool:
    for rest in rests:
        clock = max(clock, rest.window[0])
        if clock > rest.window[1]:
            return False
        clock += rest.seconds
    return True
