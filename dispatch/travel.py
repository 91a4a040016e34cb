"""Travel between places: whole seconds and metres, a pair of tables per mode, indexed `[from][to]`.

Measured tables are taken as they are. Those of a model are never written out: a leg is worked out when it is first
asked for, so a day of 20,000 visits costs the legs it drives, and a search takes a dense array of the few places it
works on (`numpy.asarray`). Rounded up to the second, so that no plan promises an arrival it cannot keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Dense, Euclidean, GreatCircle, Place
from dispatch.problem import Problem

EARTH_RADIUS_METRES = 6_371_008.8  # IUGG mean radius R1
MOST_LEGS = 1_000_000  # kept by one table, some 100 MB; beyond, it starts afresh
HAIR = 1e-9  # of a tick or second: what rounding must not make a whole one

Floats = NDArray[np.float64]


Rows = Sequence[Sequence[int]] | Mapping[int, Mapping[int, int]]  # `rows[i][j]`: from place i to place j


@dataclass(frozen=True, slots=True)
class Table:
    """`seconds[i][j]` and `metres[i][j]` from place i to place j; both can be made dense by `numpy.asarray`."""

    seconds: Rows
    metres: Rows


def tables(problem: Problem) -> dict[str, Table]:
    """The travel table of every mode that a shift of the problem uses."""
    modes = dict.fromkeys(shift.mode for shift in problem.shifts)
    return {mode: _table(problem, mode) for mode in modes}


def _table(problem: Problem, mode: str) -> Table:
    model = problem.travel[mode]
    if isinstance(model, Dense):
        return Table(model.seconds, model.metres)
    if isinstance(model, Euclidean):
        ticks = _Legs(_Plane(problem.places, model, problem.ticks_per_unit))
        return Table(ticks, ticks)
    ways = _Sphere(problem.places, model)
    return Table(_Legs(_Seconds(ways)), _Legs(ways))


def single_ways(problem: Problem, mode: str, pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Seconds and metres of single ways between rows of places, worked out together: the numbers of the tables."""
    model = problem.travel[mode]
    if isinstance(model, Dense):
        return [model.seconds[one][two] for one, two in pairs], [model.metres[one][two] for one, two in pairs]
    used, at = np.unique(np.array(pairs, np.int64).reshape(-1, 2), return_inverse=True)
    points = points_of(model, [problem.places[row] for row in used.tolist()])[at.reshape(-1, 2)]
    seconds, metres = along(model, straight(model, points[:, 0], points[:, 1]), problem.ticks_per_unit)
    return seconds.tolist(), metres.tolist()


def seconds_among(problem: Problem, mode: str, rows: Sequence[int]) -> NDArray[np.int64]:
    """(n, n) seconds of all ways between some places."""
    model = problem.travel[mode]
    if isinstance(model, Dense):
        return np.array(model.seconds, np.int64)[np.ix_(rows, rows)]
    points = points_of(model, [problem.places[row] for row in rows])
    return along(model, straight(model, points[:, None], points[None, :]), problem.ticks_per_unit)[0]


def points_of(model: GreatCircle | Euclidean, places: Sequence[Place]) -> Floats:
    """Where places are, as `straight` wants it: (n, 3) on the unit sphere, or (n, 2) in the plane."""
    if isinstance(model, Euclidean):
        return np.array([place.xy or (0.0, 0.0) for place in places], dtype=np.float64).reshape(-1, 2)
    lon, lat = np.radians(np.array([place.lonlat or (0.0, 0.0) for place in places]).reshape(-1, 2)).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def straight(model: GreatCircle | Euclidean, one: Floats, two: Floats) -> Floats:
    """The shortest distances between points, broadcast but for their last axis: metres on the sphere, or units of the
    plane. The same for all models of a kind."""
    found: Floats
    apart = [one[..., axis] - two[..., axis] for axis in range(one.shape[-1])]
    if isinstance(model, Euclidean):
        found = np.hypot(*apart)
    else:
        x, y, z = apart
        half_chord = 0.5 * np.sqrt(x * x + y * y + z * z)
        found = 2 * EARTH_RADIUS_METRES * np.arcsin(np.minimum(1.0, half_chord))
    return found


def along(
    model: GreatCircle | Euclidean, distances: Floats, ticks_per_unit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seconds and metres of ways over distances as `straight` measures them."""
    if isinstance(model, Euclidean):
        ticks = np.floor(distances * ticks_per_unit + HAIR).astype(np.int64)
        return ticks, ticks
    metres = distances * model.detour
    return np.ceil(metres * 3.6 / model.kmh - HAIR).astype(np.int64), np.rint(metres).astype(np.int64)


class _Ways(Protocol):
    """One way of measuring legs, singly or all at once; both give the same whole numbers."""

    def leg(self, one: int, two: int) -> int: ...

    def all(self) -> NDArray[np.int64]: ...


class _Sphere:
    """Metres: the great circle's arc by its chord, exact to a nanometre, × the model's detour.

    But for the arc sine, which numpy does in both cases, every step is one that IEEE 754 rounds correctly: a leg by
    itself is the same number as in the dense table, to the last bit."""

    def __init__(self, places: Sequence[Place], model: GreatCircle) -> None:
        self.model = model
        self.points = points_of(model, places)
        self.known: list[tuple[float, float, float]] = [(x, y, z) for x, y, z in self.points.tolist()]

    def length(self, one: int, two: int) -> float:
        """Metres of the way, not rounded."""
        (x, y, z), (u, v, w) = self.known[one], self.known[two]
        half_chord = 0.5 * math.sqrt((x - u) * (x - u) + (y - v) * (y - v) + (z - w) * (z - w))
        return 2 * EARTH_RADIUS_METRES * float(np.arcsin(min(1.0, half_chord))) * self.model.detour

    def leg(self, one: int, two: int) -> int:
        return round(self.length(one, two))

    def all(self) -> NDArray[np.int64]:
        return along(self.model, straight(self.model, self.points[:, None], self.points[None, :]), 1)[1]


def metres_between(one: Place, two: Place) -> float:
    """Metres from place to place by the great circle, both given by longitude and latitude."""
    return _Sphere((one, two), GreatCircle(detour=1.0, kmh=1.0)).length(0, 1)


class _Seconds:
    """Seconds of the ways of a sphere at the model's speed."""

    def __init__(self, ways: _Sphere) -> None:
        self.ways = ways

    def leg(self, one: int, two: int) -> int:
        return math.ceil(self.ways.length(one, two) * 3.6 / self.ways.model.kmh - HAIR)

    def all(self) -> NDArray[np.int64]:
        model, points = self.ways.model, self.ways.points
        return along(model, straight(model, points[:, None], points[None, :]), 1)[0]


class _Plane:
    """Straight lines in ticks, cut off."""

    def __init__(self, places: Sequence[Place], model: Euclidean, ticks_per_unit: int) -> None:
        self.model = model
        self.points = points_of(model, places)
        self.known: list[tuple[float, float]] = [(x, y) for x, y in self.points.tolist()]
        self.ticks_per_unit = ticks_per_unit

    def leg(self, one: int, two: int) -> int:
        (x, y), (u, v) = self.known[one], self.known[two]
        return math.floor(float(np.hypot(x - u, y - v)) * self.ticks_per_unit + HAIR)

    def all(self) -> NDArray[np.int64]:
        distances = straight(self.model, self.points[:, None], self.points[None, :])
        return along(self.model, distances, self.ticks_per_unit)[0]


class _Row(dict[int, int]):
    """The legs from one place that have been asked for."""

    __slots__ = ("legs", "origin")

    def __init__(self, legs: _Legs, origin: int) -> None:
        super().__init__()
        self.legs, self.origin = legs, origin

    def __missing__(self, place: int) -> int:
        self.legs.count_one()
        found = self[place] = self.legs.ways.leg(self.origin, place)
        return found


class _Legs(dict[int, _Row]):
    """Rows of one table as far as they have been asked for."""

    __slots__ = ("count", "ways")

    def __init__(self, ways: _Ways) -> None:
        super().__init__()
        self.ways, self.count = ways, 0

    def __missing__(self, origin: int) -> _Row:
        found = self[origin] = _Row(self, origin)
        return found

    def count_one(self) -> None:
        """One more leg is about to be kept."""
        self.count += 1
        if self.count > MOST_LEGS:
            self.clear()
            self.count = 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.ways.all().astype(dtype or np.int64, copy=bool(copy))
