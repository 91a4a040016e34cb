"""Whole ticks for instances in full double precision: fine enough not to matter, rounded so as to stay feasible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Dense
from dispatch.problem import HORIZON_SECONDS

FINEST = 10_000  # ticks per unit: an error of at most 0.0001 per leg
MODE = "car"


def ticks_for(longest: float) -> int:
    """Ticks per unit, a power of ten up to FINEST, so that a time of `longest` units stays in the horizon."""
    ticks = FINEST
    while ticks > 1 and longest * ticks > HORIZON_SECONDS:
        ticks //= 10
    return ticks


def dense(distance: NDArray[np.float64], ticks: int) -> Dense:
    """Distances in ticks, rounded up: whoever arrives in time by these arrives in time by the true ones."""
    whole = np.ceil(distance * ticks - 1e-6).astype(np.int64)
    rows = tuple(tuple(row) for row in whole.tolist())
    return Dense(rows, rows)


def distinct(points: Iterable[Sequence[float]]) -> tuple[list[int], list[int]]:
    """(where each point stands among the distinct ones, the first point at each distinct one)."""
    seen: dict[tuple[float, ...], int] = {}
    firsts: list[int] = []
    number = []
    for index, point in enumerate(points):
        key = tuple(point)
        if key not in seen:
            seen[key] = len(seen)
            firsts.append(index)
        number.append(seen[key])
    return number, firsts
