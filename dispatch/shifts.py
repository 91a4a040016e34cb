"""A shift is one caregiver's working period: the vehicle of the solver.

Its work is the time from leaving the start to arriving at the end, without the breaks in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.places import Window


@dataclass(frozen=True, slots=True)
class Break:
    """A rest owed once, starting inside its window, not while serving or with an elder aboard."""

    id: str
    window: Window
    seconds: int


@dataclass(frozen=True, slots=True)
class Aboard:
    """A delivery already picked up when the horizon begins; only its drop-off is left to plan."""

    delivery: str
    picked_up_seconds: int


@dataclass(frozen=True, slots=True)
class Shift:
    """One caregiver on duty within `window`. `end` None: she stays where her last stop is."""

    id: str
    caregiver: str
    mode: str
    start: str
    end: str | None
    window: Window
    skills: frozenset[str] = frozenset()
    capacity: Mapping[str, int] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()
    max_work_seconds: int | None = None
    overtime_after_seconds: int | None = None
    max_overtime_seconds: int | None = None
    aboard: tuple[Aboard, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)

    @property
    def longest_work_seconds(self) -> int | None:
        """The most work the shift allows, from its own limit and from its overtime limit; None if unlimited."""
        limits = [self.max_work_seconds] if self.max_work_seconds is not None else []
        if self.overtime_after_seconds is not None and self.max_overtime_seconds is not None:
            limits.append(self.overtime_after_seconds + self.max_overtime_seconds)
        return min(limits, default=None)
