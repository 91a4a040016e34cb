"""A plan: the routes of a district and day, what could not be served and why, and what it costs.

A stop is reached after `travel_seconds`, then setup is paid, then any wait, then it starts:
start = arrival + setup_seconds + wait. Shifts without stops have no route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PlanStopKind = Literal["start", "visit", "pickup", "dropoff", "break", "end"]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a route. Times in seconds of the horizon; `load` is what is aboard on departure.

    A break lies at the previous stop's place (travel 0) or at the next one's (it carries all the travel).
    """

    kind: PlanStopKind
    id: str
    arrival: int
    start: int
    departure: int
    member: int = 0
    wait: int = 0
    setup_seconds: int = 0
    travel_seconds: int = 0
    travel_metres: int = 0
    load: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """What the stop does, whoever does it and whenever."""
        return (self.kind, self.id, self.member)


@dataclass(frozen=True, slots=True)
class Route:
    """The stops of one shift, from its start to its end, and their sums (seconds and metres)."""

    shift: str
    stops: tuple[Stop, ...]
    totals: Mapping[str, int] = field(default_factory=dict)

    @property
    def work_seconds(self) -> int:
        """From leaving the start to arriving at the end, without the breaks in between."""
        rests = sum(stop.departure - stop.start for stop in self.stops if stop.kind == "break")
        return self.stops[-1].arrival - self.stops[0].departure - rests


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a task is not served: a stable code and a sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A task the plan leaves out, its reasons, and the smallest tried change that would let it in."""

    id: str
    reasons: tuple[Reason, ...] = ()
    nearest_change: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`infeasible` means a mandatory or pinned task is unassigned; the plan is valid all the same."""

    status: Literal["feasible", "infeasible"]
    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()
    cost: Mapping[str, int] = field(default_factory=dict)
    indicators: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    seconds: float = 0.0
    iterations: int = 0

    def starts(self) -> dict[tuple[str, str, int], tuple[str, int]]:
        """(shift, start) of every visit, pickup and drop-off, by what the stop does."""
        return {
            stop.key: (route.shift, stop.start)
            for route in self.routes
            for stop in route.stops
            if stop.kind not in ("start", "end", "break")
        }
