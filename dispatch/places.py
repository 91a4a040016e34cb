"""Where things are and how one gets from one to another.

A place is on the globe (WGS84) or, for benchmarks, on a plane. A travel model turns two places into
whole seconds and metres; each mode of travel has its own model.
"""

from __future__ import annotations

from dataclasses import dataclass

Window = tuple[int, int]  # seconds from the start of the horizon, both ends inclusive


@dataclass(frozen=True, slots=True)
class Place:
    """A point to stop at. `setup_seconds` (stairs, a counter) is paid once per stay, before service starts."""

    id: str
    lonlat: tuple[float, float] | None = None
    xy: tuple[float, float] | None = None
    setup_seconds: int = 0


@dataclass(frozen=True, slots=True)
class GreatCircle:
    """Distance on the sphere × detour, at a constant speed."""

    detour: float
    kmh: float


@dataclass(frozen=True, slots=True)
class Euclidean:
    """Straight line between `xy` places, in ticks: one unit of length takes one unit of time."""


@dataclass(frozen=True, slots=True)
class Dense:
    """Measured tables; rows and columns stand in the order of the problem's places."""

    seconds: tuple[tuple[int, ...], ...]
    metres: tuple[tuple[int, ...], ...]


TravelModel = GreatCircle | Euclidean | Dense
