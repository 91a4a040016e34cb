"""Travel tables: whole seconds and metres between all places, one pair of tables per mode.

Computed over the problem's distinct places only, so twenty boxes for one house cost one row.
Rounded up to the second, so that no plan promises an arrival it cannot keep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Dense, Euclidean, Place
from dispatch.problem import Problem

EARTH_RADIUS_METRES = 6_371_008.8  # IUGG mean radius R1


@dataclass(frozen=True, slots=True)
class Table:
    """`seconds[i][j]` and `metres[i][j]` from place i to place j."""

    seconds: list[list[int]]
    metres: list[list[int]]


def tables(problem: Problem) -> dict[str, Table]:
    """The travel table of every mode that a shift of the problem uses."""
    modes = dict.fromkeys(shift.mode for shift in problem.shifts)
    return {mode: _table(problem, mode) for mode in modes}


def _table(problem: Problem, mode: str) -> Table:
    model = problem.travel[mode]
    if isinstance(model, Dense):
        return Table([list(row) for row in model.seconds], [list(row) for row in model.metres])
    if isinstance(model, Euclidean):
        ticks = np.floor(_plane(problem.places) * problem.ticks_per_unit + 1e-9).astype(np.int64)
        return Table(ticks.tolist(), ticks.tolist())
    metres = great_circle_metres(problem.places) * model.detour
    seconds = np.ceil(metres * 3.6 / model.kmh - 1e-9)
    return Table(seconds.astype(np.int64).tolist(), np.rint(metres).astype(np.int64).tolist())


def great_circle_metres(places: tuple[Place, ...]) -> NDArray[np.float64]:
    """All distances on the sphere by the haversine formula, which stays exact for near neighbours."""
    lonlat = np.radians(np.array([place.lonlat or (0.0, 0.0) for place in places], dtype=np.float64))
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    half_chord = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    distances: NDArray[np.float64] = 2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(np.clip(half_chord, 0, 1)))
    return distances


def _plane(places: tuple[Place, ...]) -> NDArray[np.float64]:
    points = np.array([place.xy or (0.0, 0.0) for place in places], dtype=np.float64)
    distances: NDArray[np.float64] = np.hypot(
        points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1]
    )
    return distances
