"""What is to be done: visits and deliveries, the relations between them, and the pins on them.

A visit happens at one place and may need a crew; a delivery takes something (meals, an elder) from a
pickup to a drop-off. Either is served as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dispatch.places import Window

RelationKind = Literal["same_caregiver", "different_caregiver", "sequence"]
Hold = Literal["caregiver", "time", "both", "prefix"]
StopKind = Literal["visit", "pickup", "dropoff"]


@dataclass(frozen=True, slots=True)
class Member:
    """One place in a visit's crew: what she must be able to do and how long she serves."""

    service_seconds: int
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Visit:
    """One attendance at an elder's. Every member starts inside a window; with `late_second` the last
    window's end is soft and each second after it costs that weight. With `end` the stop ends elsewhere."""

    id: str
    place: str
    windows: tuple[Window, ...]
    crew: tuple[Member, ...]
    elder: str | None = None
    end: str | None = None
    stagger: Window = (0, 0)
    priority: int = 50
    mandatory: bool = False
    late_second: int | None = None
    preferred: Mapping[str, int] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Halt:
    """One end of a delivery."""

    place: str
    windows: tuple[Window, ...]
    service_seconds: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something carried on one shift. The ride runs from departure at pickup to arrival at drop-off;
    `direct` forbids anything in between, a break included. `late_second` softens the drop-off only."""

    id: str
    pickup: Halt
    dropoff: Halt
    load: Mapping[str, int] = field(default_factory=dict)
    elder: str | None = None
    max_ride_seconds: int | None = None
    direct: bool = False
    skills: frozenset[str] = frozenset()
    priority: int = 50
    mandatory: bool = False
    late_second: int | None = None
    preferred: Mapping[str, int] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


Task = Visit | Delivery


@dataclass(frozen=True, slots=True)
class Relation:
    """A bond between tasks, binding on those of them that are served.

    same_caregiver compares the first member of each crew; different_caregiver forbids any shared one;
    sequence asks for `gap` seconds between one's departure and its successor's start.
    """

    kind: RelationKind
    of: tuple[str, ...]
    gap: Window = (0, 10**8)


@dataclass(frozen=True, slots=True)
class StopRef:
    """Names one stop: a visit's member, or one end of a delivery."""

    kind: StopKind
    id: str
    member: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """As stops of plans are named."""
        return (self.kind, self.id, self.member)


@dataclass(frozen=True, slots=True)
class Pin:
    """A stop the solver may not move: to another shift, in time, both, or (prefix) out of the head of its
    route, whose pins stand in driving order. A pinned time overrides the windows."""

    shift: str
    stop: StopRef
    hold: Hold
    start_seconds: int | None = None
