"""A node is one stop to make: a crew member's part of a visit, one end of a delivery, or a break. A bundle is the nodes
of one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.places import Window
from dispatch.problem import HORIZON_SECONDS
from dispatch.tasks import Task


@dataclass(slots=True)
class Node:
    """One stop to make. `late_weight` None: the last window is hard. `load` is what the stop adds. `bonus` is the cost
    of coming by shift, where the elder has a preference; every shift not named in it costs `strange`."""

    kind: str
    id: str
    member: int
    task: int
    place: int
    leaves: int
    service: int
    windows: tuple[Window, ...]
    setup: int = 0
    late_weight: int | None = None
    load: tuple[int, ...] = ()
    skills: frozenset[str] = frozenset()
    allowed: list[int] = field(default_factory=list)
    partner: int = -1
    max_ride: int | None = None
    direct: bool = False
    picked_up: int | None = None
    bonus: Mapping[int, int] = field(default_factory=dict)
    strange: int = 0

    def opens(self, second: int) -> int | None:
        """The first second from `second` on at which service may start; None if there is none."""
        for begin, finish in self.windows:
            if second <= finish:
                return max(second, begin)
        return None if self.late_weight is None else second

    @property
    def latest(self) -> int:
        """The last second at which service may start."""
        return self.windows[-1][1] if self.late_weight is None else HORIZON_SECONDS

    @property
    def key(self) -> tuple[str, str, int]:
        """How plans name the stop."""
        return (self.kind, self.id, self.member)


@dataclass(slots=True)
class Bundle:
    """A task as the engine sees it: the nodes served together, and what leaving them out costs."""

    task: Task
    nodes: list[int]
    penalty: int
