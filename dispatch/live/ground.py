"""Places and the ways between them, with room for places that come up during the day.

p rows: the problem's places in their order, `nowhere`, a twin of every start whose own first stop would pay setup (as
in `dispatch.search.travel`), then spare ones. A new place is measured once, to and from all others at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TaskRefused
from dispatch.places import Dense, Place
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.travel import along, points_of, straight

Ints = NDArray[np.int64]
Price = tuple[str, float, float]  # mode, cost per second, cost per metre
BLOCK = 256  # rows measured at once


class NoRoom(RuntimeError):
    """All spare rows are in use: the tables must be made anew."""


class Ground:
    """The tables of travel. Rows of places that nobody committed to are given away again when room is needed."""

    def __init__(self, problem: Problem, *, spare: int) -> None:
        self.problem = problem
        count = len(problem.places)
        self.row_of = dict(problem.place_index)
        self.placed: dict[str, Place] = {place.id: place for place in problem.places}
        self.nowhere = count
        homes = dict.fromkeys(shift.start for shift in problem.shifts)
        starts = [name for name in homes if problem.places[self.row_of[name]].setup_seconds]
        self.twin = {name: count + 1 + rank for rank, name in enumerate(starts)}
        origins = [*range(count), count, *(self.row_of[name] for name in starts)]
        self.first_spare = len(origins)
        self._free = list(range(self.first_spare + spare - 1, self.first_spare - 1, -1))
        self._last = self.first_spare - 1  # the last row in use
        self._passing: list[str] = []  # places added and not committed to
        size = self.first_spare + spare
        self.setup = np.zeros(size, np.int64)
        self.setup[:count] = [place.setup_seconds for place in problem.places]
        self.modes = list(dict.fromkeys(shift.mode for shift in problem.shifts))
        self.prices = list(dict.fromkeys(price_of(problem, shift) for shift in problem.shifts))
        self._points = {mode: self._located(mode, origins, size) for mode in self.modes}
        self._dense = {
            mode: (
                np.array(model.seconds, np.int64).reshape(count, count),
                np.array(model.metres, np.int64).reshape(count, count),
            )
            for mode in self.modes
            if isinstance(model := problem.travel[mode], Dense)
        }
        self.clock = np.zeros((max(1, len(self.modes)), size, size), np.int32)
        self.price = np.zeros((max(1, len(self.prices)), size, size), np.int64)
        self._fill(np.array(origins, np.int64))
        if self.price.max(initial=0) < 2**30:  # as the search keeps it, and room for farther places
            self.price = self.price.astype(np.int32)

    def _located(self, mode: str, origins: list[int], size: int) -> NDArray[np.float64] | None:
        model = self.problem.travel[mode]
        if isinstance(model, Dense):
            return None
        known = points_of(model, self.problem.places)
        points = np.zeros((size, known.shape[1]))
        for row, origin in enumerate(origins):
            if row != self.nowhere:
                points[row] = known[origin]
        return points

    def _fill(self, origins: Ints) -> None:
        everyone = np.arange(self.first_spare)
        origins[self.nowhere] = 0
        for first in range(0, len(origins), BLOCK):
            rows = everyone[first : first + BLOCK]
            for mode in self.modes:
                self._write(mode, rows, everyone, *self._measured(mode, rows[:, None], everyone[None, :], origins))
        self._forget_nowhere()

    def _measured(self, mode: str, one: Ints, two: Ints, origins: Ints | None = None) -> tuple[Ints, Ints]:
        """Seconds and metres between rows, broadcast."""
        points = self._points[mode]
        if points is None:
            seconds, metres = self._dense[mode]
            if origins is not None:
                one, two = origins[one], origins[two]
            return seconds[one, two], metres[one, two]
        model = self.problem.travel[mode]
        assert not isinstance(model, Dense)  # noqa: S101  # it has no points
        return along(model, straight(model, points[one], points[two]), self.problem.ticks_per_unit)

    def _write(self, mode: str, rows: Ints, columns: Ints, seconds: Ints, metres: Ints) -> None:
        stays = (rows[:, None] == columns[None, :]) & (rows[:, None] < self.nowhere)
        block = np.ix_(rows, columns)
        self.clock[self.modes.index(mode)][block] = seconds + np.where(stays, 0, self.setup[columns][None, :])
        for number, (of, per_second, per_metre) in enumerate(self.prices):
            if of == mode:
                self.price[number][block] = _priced(per_second, per_metre, seconds, metres)

    def _forget_nowhere(self) -> None:
        for table in (self.clock, self.price):
            table[:, self.nowhere, :] = 0
            table[:, :, self.nowhere] = 0

    def add(self, place: Place) -> int:
        """The row of a place, new or known. Raises TaskRefused if it is known as another one or cannot be measured, and
        NoRoom."""
        known = self.placed.get(place.id)
        if known is not None:
            if known != place:
                raise TaskRefused(place.id, "a place of this id is known with other coordinates or setup")
            return self.row_of[place.id]
        if self._dense:
            raise TaskRefused(place.id, "travel is given as a table, so no place can be added to it")
        row = self._claim()
        self.row_of[place.id], self.placed[place.id] = row, place
        self._last = max(self._last, row)
        self._passing.append(place.id)
        self.setup[row] = place.setup_seconds
        size = self._last + 1
        distances: dict[type, NDArray[np.float64]] = {}
        for number, (mode, points) in enumerate(self._points.items()):
            model = self.problem.travel[mode]
            assert points is not None  # noqa: S101  # no mode is a table
            assert not isinstance(model, Dense)  # noqa: S101
            points[row] = points_of(model, [place])[0]
            if type(model) not in distances:
                distances[type(model)] = straight(model, points[row], points[:size])
            seconds, metres = along(model, distances[type(model)], self.problem.ticks_per_unit)
            self.clock[number, row, :size] = seconds + self.setup[:size]
            self.clock[number, :size, row] = seconds + place.setup_seconds  # all models that measure are symmetrical
            self.clock[number, row, row] = 0
            for price, (of, per_second, per_metre) in enumerate(self.prices):
                if of == mode:
                    costs = (
                        seconds
                        if (per_second, per_metre) == (1, 0)
                        else _priced(per_second, per_metre, seconds, metres)
                    )
                    self.price[price, row, :size] = self.price[price, :size, row] = costs
        self._forget_ways(row)
        return row

    def _forget_ways(self, row: int) -> None:
        for table in (self.clock, self.price):
            table[:, row, self.nowhere] = 0
            table[:, self.nowhere, row] = 0

    def _claim(self) -> int:
        if not self._free:
            for name in self._passing:
                self._free.append(self.row_of.pop(name))
                del self.placed[name]
            self._passing.clear()
        if not self._free:
            raise NoRoom
        return self._free.pop()

    def keep(self, names: Sequence[str]) -> None:
        """Committed to: these places stay."""
        self._passing = [name for name in self._passing if name not in names]

    def way(self, mode: str, one: Sequence[int], two: Sequence[int]) -> tuple[list[int], list[int]]:
        """Seconds and metres of single ways between rows."""
        seconds, metres = self._measured(mode, np.asarray(one), np.asarray(two))
        return seconds.tolist(), metres.tolist()

    def of_shift(self, shift: Shift) -> tuple[int, int, int, int]:
        """A shift's mode and price by number, the rows of its start and its end."""
        start = self.twin.get(shift.start, self.row_of[shift.start])
        end = self.nowhere if shift.end is None else self.row_of[shift.end]
        return self.modes.index(shift.mode), self.prices.index(price_of(self.problem, shift)), start, end


def _priced(per_second: float, per_metre: float, seconds: Ints, metres: Ints) -> NDArray[np.float64]:
    costs: NDArray[np.float64] = np.rint(per_second * seconds + per_metre * metres)
    return costs


def price_of(problem: Problem, shift: Shift) -> Price:
    """A shift's mode and what travel costs it."""
    objective, factors = problem.objective, shift.cost
    return (
        shift.mode,
        objective.travel_second * factors.get("travel_second", 1),
        objective.travel_metre * factors.get("travel_metre", 1),
    )
