"""A shift is one caregiver's working period: the vehicle of the solver.

Its work is the time from leaving the start to arriving at the end, without the breaks in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.places import Window


@dataclass(frozen=True, slots=True)
class Break:
    """A rest owed once, starting inside its window, not while serving or with an elder aboard."""

    id: str
    window: Window
    seconds: int


def in_turn(breaks: Iterable[Break]) -> tuple[Break, ...]:
    """What must be over first comes first: taken one after another, none is late if any order keeps them all
    (Jackson 1955), but for those that cannot begin yet."""
    return tuple(sorted(breaks, key=lambda rest: (rest.window[1] + rest.seconds, rest.window)))


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

    def is_on_duty(self, windows: Sequence[Window], *, soft: bool) -> bool:
        """Whether a stop with these windows (the last of them open at its end if `soft`) could start on duty."""
        opens, closes = self.window
        return (soft and windows[-1][0] <= closes) or any(begin <= closes and end >= opens for begin, end in windows)

    def holds(self, load: Mapping[str, int]) -> bool:
        """Whether a load by itself is within the capacity."""
        return all(amount <= self.capacity.get(name, 0) for name, amount in load.items())

    def has_aboard(self, task: str) -> bool:
        """Whether a delivery is aboard from the start."""
        return any(entry.delivery == task for entry in self.aboard)

    @property
    def breaks_in_turn(self) -> tuple[Break, ...]:
        """Its breaks in the order in which a search takes them."""
        return in_turn(self.breaks)

    @property
    def longest_work_seconds(self) -> int | None:
        """The most work the shift allows, from its own limit and from its overtime limit; None if unlimited."""
        limits = [self.max_work_seconds] if self.max_work_seconds is not None else []
        if self.overtime_after_seconds is not None and self.max_overtime_seconds is not None:
            limits.append(self.overtime_after_seconds + self.max_overtime_seconds)
        return min(limits, default=None)
