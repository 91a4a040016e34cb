"""Places and the ways between them, with room for places that come up during the day.

p rows: the problem's places in their order, `nowhere`, a twin of every start or end with setup (as in
`dispatch.search.travel`), then spare ones. A new place is measured once, to and from all others at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TaskRefused
from dispatch.places import Dense, Euclidean, GreatCircle, Place
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
        homes = dict.fromkeys(name for shift in problem.shifts for name in (shift.start, shift.end) if name is not None)
        twins = [name for name in homes if problem.places[self.row_of[name]].setup_seconds]
        self.twin = {name: count + 1 + rank for rank, name in enumerate(twins)}
        origins = [*range(count), count, *(self.row_of[name] for name in twins)]
        self.first_spare = len(origins)
        self._free = list(range(self.first_spare + spare - 1, self.first_spare - 1, -1))
        self._last = self.first_spare - 1  # the last row in use
        self._passing: list[str] = []  # places added and not committed to
        size = self.first_spare + spare
        self.setup = np.zeros(size, np.int64)
        self.setup[:count] = [place.setup_seconds for place in problem.places]
        self.modes = list(dict.fromkeys(shift.mode for shift in problem.shifts))
        self.prices = list(dict.fromkeys(price_of(problem, shift) for shift in problem.shifts))
        models = [problem.travel[mode] for mode in self.modes]
        self._models = {type(model): model for model in models if not isinstance(model, Dense)}
        self._points = {kind: self._located(model, origins, size) for kind, model in self._models.items()}
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

    @property
    def is_mirrored(self) -> bool:
        """Whether every way is as long and as dear as the way back."""
        return not self._dense

    @property
    def rounded(self) -> int:
        """By how much a way over a third place may be cheaper than the straight one: seconds, metres and cost are
        rounded one by one. Tables that were measured may say anything."""
        if self._dense:
            return 1 << 40
        return 2 + math.ceil(2 * max((abs(one) + abs(two) for _, one, two in self.prices), default=0))

    def _located(self, model: GreatCircle | Euclidean, origins: list[int], size: int) -> NDArray[np.float64]:
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
        model = self.problem.travel[mode]
        if isinstance(model, Dense):
            seconds, metres = self._dense[mode]
            if origins is not None:
                one, two = origins[one], origins[two]
            return seconds[one, two], metres[one, two]
        points = self._points[type(model)]
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
        """The row of a place, new or known; the ways to it are written when it is kept. Raises TaskRefused if it is
        known as another one or cannot be measured, and NoRoom."""
        if self.placed.get(place.id) == place:
            return self.row_of[place.id]
        if self._dense:
            raise TaskRefused(place.id, "travel is given as a table, so no place can be added to it")
        if place.id not in self._passing:
            if place.id in self.placed:
                raise TaskRefused(place.id, "a place of this id is known with other coordinates or setup")
            row = self.row_of[place.id] = self._claim()
            self._last = max(self._last, row)
            self._passing.append(place.id)
        row, self.placed[place.id] = self.row_of[place.id], place
        self.setup[row] = place.setup_seconds
        size = self._last + 1
        far = {}
        for kind, points in self._points.items():
            points[row] = points_of(self._models[kind], [place])[0]
            far[kind] = straight(self._models[kind], points[row], points[:size])
        for number, mode in enumerate(self.modes):
            model = self.problem.travel[mode]
            assert not isinstance(model, Dense)  # noqa: S101  # no mode is a table
            seconds, metres = along(model, far[type(model)], self.problem.ticks_per_unit)
            self.clock[number, row, :size] = seconds + self.setup[:size]
            self.clock[number, row, row] = self.clock[number, row, self.nowhere] = 0
            for price, (of, per_second, per_metre) in enumerate(self.prices):
                if of == mode:
                    plain = (per_second, per_metre) == (1, 0)
                    self.price[price, row, :size] = (
                        seconds if plain else _priced(per_second, per_metre, seconds, metres)
                    )
                    self.price[price, row, self.nowhere] = 0
        return row

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
        """Committed to: these places stay, and are reached from everywhere."""
        size = self._last + 1
        for name in [name for name in names if name in self._passing]:
            self._passing.remove(name)
            row = self.row_of[name]
            apart = self.setup[row] - self.setup[:size]
            apart[row] = apart[self.nowhere] = 0
            self.clock[:, :size, row] = self.clock[:, row, :size] + apart
            self.price[:, :size, row] = self.price[:, row, :size]

    def way(self, mode: str, one: Sequence[int], two: Sequence[int]) -> tuple[list[int], list[int]]:
        """Seconds and metres of single ways between rows."""
        seconds, metres = self._measured(mode, np.asarray(one), np.asarray(two))
        return seconds.tolist(), metres.tolist()

    def of_shift(self, shift: Shift) -> tuple[int, int, int, int]:
        """A shift's mode and price by number, the rows of its start and its end."""
        start = self.twin.get(shift.start, self.row_of[shift.start])
        end = self.nowhere if shift.end is None else self.twin.get(shift.end, self.row_of[shift.end])
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
