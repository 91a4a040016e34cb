"""The whole problem of a district and day: an immutable value, nothing computed but look-ups.

Times are integer seconds from the start of the horizon, distances metres. Build it in code or read it
with `dispatch.document.read_problem`, which also validates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dispatch.objective import Objective
from dispatch.places import Place, TravelModel
from dispatch.plan import Plan
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Pin, Relation, Task, Visit

HORIZON_SECONDS = 10**8  # no time in a document may lie beyond


@dataclass(frozen=True)
class Problem:
    """Places, travel, shifts, tasks and what binds them. `baseline` is the plan published before."""

    places: tuple[Place, ...]
    travel: Mapping[str, TravelModel]
    shifts: tuple[Shift, ...]
    visits: tuple[Visit, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    relations: tuple[Relation, ...] = ()
    pins: tuple[Pin, ...] = ()
    baseline: Plan | None = None
    objective: Objective = field(default_factory=Objective)
    ticks_per_unit: int = 1

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Visits, then deliveries, by id."""
        ordered: list[Task] = [*self.visits, *self.deliveries]
        return {task.id: task for task in ordered}

    @cached_property
    def shift_of(self) -> dict[str, Shift]:
        """Shifts by id."""
        return {shift.id: shift for shift in self.shifts}

    @cached_property
    def place_index(self) -> dict[str, int]:
        """A place's row in the travel tables."""
        return {place.id: index for index, place in enumerate(self.places)}

    @cached_property
    def binding(self) -> frozenset[str]:
        """Tasks that must be served: mandatory, pinned, or aboard already."""
        return frozenset(
            {task.id for task in self.tasks.values() if task.mandatory}
            | {pin.stop.id for pin in self.pins}
            | {aboard.delivery for shift in self.shifts for aboard in shift.aboard}
        )

    @cached_property
    def held(self) -> frozenset[tuple[str, str, int]]:
        """Stops, as plans name them, whose start a pin holds."""
        return frozenset(pin.stop.key for pin in self.pins if pin.start_seconds is not None)
