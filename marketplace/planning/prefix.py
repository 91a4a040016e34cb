"""What of a running day stays as it is: whatever has started, and each shift's next twenty minutes.

A shift is free again at the first moment from then on at which it serves nobody and no box is aboard; from there
the engine plans on. Crews hold together: what one member keeps, all keep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.planning.day import Day
from marketplace.visits.models import Assignment, Shift

NOTICE = timedelta(minutes=20)  # nobody is sent elsewhere at shorter notice


@dataclass(frozen=True, slots=True)
class Free:
    """Where and from when a shift can be planned anew."""

    since: datetime
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Prefix:
    """`kept` assignments by id; `free` by shift; `engaged`: later assignments of a shift made by hand."""

    kept: Mapping[UUID, Assignment]
    free: Mapping[UUID, Free]
    engaged: Mapping[UUID, tuple[Assignment, ...]]
    rested: frozenset[UUID]

    def holds(self, visit_id: UUID) -> bool:
        """Does this visit stay as it is?"""
        return any(one.visit_id == visit_id for one in self.kept.values())


def begins_at(assignment: Assignment) -> datetime:
    """When the assignment first binds its performer: at the kitchen, or at the elder's."""
    return assignment.pickup_at or assignment.planned_from


def prefix_of(day: Day, now: datetime) -> Prefix:
    """What the day keeps at `now`. On a day that has not begun it is nothing but what was assigned by hand."""
    lines = {shift.id: _line(day, shift) for shift in day.shifts}
    kept = {one.id: one for one in day.assignments if one.state in {"checked_in", "checked_out"}}
    while True:
        cuts = {shift_id: _cut(line, kept, now) for shift_id, line in lines.items()}
        more = {
            one.id: one
            for shift_id, line in lines.items()
            for one in line
            if one.id not in kept and begins_at(one) < cuts[shift_id]
        }
        crews = {one.visit_id for one in (*kept.values(), *more.values())}
        more |= {one.id: one for one in day.assignments if one.visit_id in crews and one.id not in kept}
        if not more:
            break
        kept |= more
    rested = frozenset(
        shift.id for shift in day.shifts if shift.id in day.rests and day.rests[shift.id][0] < cuts[shift.id]
    )
    return Prefix(
        kept=kept,
        free={shift.id: _free(day, shift, lines[shift.id], kept, cuts[shift.id], now) for shift in day.shifts},
        engaged={
            shift_id: tuple(one for one in line if one.plan_id is None and one.id not in kept)
            for shift_id, line in lines.items()
        },
        rested=rested,
    )


def _line(day: Day, shift: Shift) -> list[Assignment]:
    """All that binds the shift's performer within it, in order of time."""
    return [
        one
        for one in day.assignments
        if one.shift_id == shift.id
        or (
            one.performer_id == shift.performer_id
            and one.planned_from < shift.ends_at
            and one.planned_until > shift.starts_at
        )
    ]


def _cut(line: list[Assignment], kept: Mapping[UUID, Assignment], now: datetime) -> datetime:
    return max([now + NOTICE, *(one.planned_until for one in line if one.id in kept)])


def _free(
    day: Day, shift: Shift, line: list[Assignment], kept: Mapping[UUID, Assignment], cut: datetime, now: datetime
) -> Free:
    """From the last kept stop, when it is expected to be done; a shift that has not begun starts at its place."""
    prefix = [one for one in line if one.id in kept]
    since = max(shift.starts_at, now + NOTICE, *expected(day, prefix, now).values())
    rest = day.rests.get(shift.id)
    if rest is not None and rest[0] < cut:
        since = max(since, rest[1])
    if not prefix:
        return Free(since, shift.lon, shift.lat)
    last = day.visits[prefix[-1].visit_id]
    return Free(since, last.lon, last.lat)


def expected(day: Day, line: list[Assignment], now: datetime) -> dict[UUID, datetime]:
    """When each of a shift's assignments is expected to be done, lateness carried on from stop to stop."""
    done: dict[UUID, datetime] = {}
    clock: datetime | None = None
    for one in sorted(line, key=lambda one: (one.planned_from, one.id)):
        lasting = one.planned_until - one.planned_from
        if one.id in day.went_at:
            until = day.went_at[one.id]
        elif one.id in day.came_at:
            until = max(day.came_at[one.id] + lasting, now)
        elif one.state == "checked_out":
            until = one.planned_until
        else:
            arrival = clock + timedelta(seconds=one.travel_seconds) if clock else one.planned_from
            until = max(one.planned_from, arrival, now) + lasting
        clock = max(until, clock) if clock else until
        done[one.id] = until
    return done
