"""Weekly shifts and what is rolled out from them: real shifts on real days, which plans are made of."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.providers.caregivers import Staff, managed_caregiver
from marketplace.providers.errors import Impossible, NotServing
from marketplace.providers.models import SERVING, Caregiver, WeeklyShift
from marketplace.providers.reach import managed
from marketplace.providers.schemas.staff import WeeklyShiftIn
from marketplace.visits.models import Performer, Shift
from marketplace.visits.shifts import add_shift

FARTHEST = timedelta(days=366)
Taken = defaultdict[UUID, list[tuple[datetime, datetime]]]


async def set_week(
    tx: AsyncSession, provider_id: UUID, caregiver_id: UUID, week: list[WeeklyShiftIn], *, actor: Actor
) -> list[WeeklyShift]:
    """Replace a caregiver's week. Shifts that are rolled out already stay as they are."""
    caregiver, _ = await managed_caregiver(tx, provider_id, caregiver_id, actor=actor)
    _require_sound(week)
    await tx.execute(delete(WeeklyShift).where(col(WeeklyShift.caregiver_id) == caregiver.id))
    rows = [WeeklyShift(caregiver_id=caregiver.id, **shift.model_dump()) for shift in week]
    tx.add_all(rows)
    await tx.flush()
    audit.note(tx, "caregiver.week_set", actor=actor, entity="caregiver", entity_id=caregiver.id, shifts=len(rows))
    return sorted(rows, key=lambda row: (row.weekday, row.starts))


def _require_sound(week: Iterable[WeeklyShiftIn]) -> None:
    """Each shift ends after it starts, its break lies inside and fits its window, and no two overlap."""
    for index, shift in enumerate(week):
        if shift.ends <= shift.starts:
            raise Impossible(pointer=f"/shifts/{index}/ends", reason="the shift ends before it starts")
        _require_break(shift, f"/shifts/{index}/break_from")
    ordered = sorted(week, key=lambda shift: (shift.weekday, shift.starts))
    for one, following in pairwise(ordered):
        if one.weekday == following.weekday and following.starts < one.ends:
            raise Impossible(pointer="/shifts", reason="two shifts of one day overlap")


def _require_break(shift: WeeklyShiftIn, pointer: str) -> None:
    if shift.break_seconds == 0 and shift.break_from is None and shift.break_until is None:
        return
    if shift.break_seconds == 0 or shift.break_from is None or shift.break_until is None:
        raise Impossible(pointer=pointer, reason="a break has a window and a length")
    latest_end = datetime.combine(date.min, shift.break_until) + timedelta(seconds=shift.break_seconds)
    if not (shift.starts <= shift.break_from <= shift.break_until) or latest_end > datetime.combine(
        date.min, shift.ends
    ):
        raise Impossible(pointer=pointer, reason="the break does not lie inside the shift")


async def week_of(tx: AsyncSession, caregiver_id: UUID) -> list[WeeklyShift]:
    """A caregiver's week, Monday first."""
    query = select(WeeklyShift).where(col(WeeklyShift.caregiver_id) == caregiver_id)
    return list(await tx.scalars(query.order_by(col(WeeklyShift.weekday), col(WeeklyShift.starts))))


async def roll_out(
    tx: AsyncSession, provider_id: UUID, first_day: date, days: int, *, actor: Actor, now: datetime
) -> int:
    """Make shifts from the weekly ones; returns how many are new. Repeating it adds nothing.

    A time in which the caregiver has a shift already is left alone, also when that was withdrawn: an absence stays
    one. Nobody works before her training day or in a shift that is over; `NotServing` unless the provider serves.
    """
    provider = await managed(tx, provider_id, actor=actor)
    if provider.state not in SERVING:
        raise NotServing(state=provider.state)
    if not local_day(now) <= first_day <= local_day(now) + FARTHEST:
        raise Impossible(pointer="/first_day", reason="shifts are made from today on, at most a year ahead")
    week = [first_day + timedelta(days=offset) for offset in range(days)]
    staff = await _working(tx, provider.id)
    taken = await _taken(tx, [performer.id for (_, performer), _ in staff], week)
    added = 0
    for (caregiver, performer), pattern in staff:
        for day in week:
            if pattern.weekday == day.weekday() and caregiver.trained_on is not None and caregiver.trained_on <= day:
                added += await _add_unless_taken(tx, (caregiver, performer), pattern, day, taken, now)
    audit.note(tx, "shifts.rolled_out", actor=actor, entity="provider", entity_id=provider.id, added=added)
    return added


async def _working(tx: AsyncSession, provider_id: UUID) -> list[tuple[Staff, WeeklyShift]]:
    query = (
        select(Caregiver, Performer, WeeklyShift)
        .join(Performer, col(Performer.id) == col(Caregiver.id))
        .join(WeeklyShift, col(WeeklyShift.caregiver_id) == col(Caregiver.id))
        .where(col(Caregiver.provider_id) == provider_id, col(Performer.state) == "active")
        .order_by(col(Caregiver.id), col(WeeklyShift.weekday), col(WeeklyShift.starts))
    )
    return [((caregiver, performer), row) for caregiver, performer, row in await tx.execute(query)]


async def _taken(tx: AsyncSession, performer_ids: list[UUID], days: list[date]) -> Taken:
    query = select(col(Shift.performer_id), col(Shift.starts_at), col(Shift.ends_at)).where(
        col(Shift.performer_id).in_(set(performer_ids)), col(Shift.day).between(days[0], days[-1])
    )
    taken: Taken = defaultdict(list)
    for performer_id, starts_at, ends_at in await tx.execute(query):
        taken[performer_id].append((starts_at, ends_at))
    return taken


async def _add_unless_taken(
    tx: AsyncSession, staff: Staff, pattern: WeeklyShift, day: date, taken: Taken, now: datetime
) -> int:
    caregiver, performer = staff
    starts_at, ends_at = local_instant(day, pattern.starts), local_instant(day, pattern.ends)
    if ends_at <= now or any(starts_at < end and start < ends_at for start, end in taken[performer.id]):
        return 0
    await add_shift(
        tx,
        performer=performer,
        district_id=performer.district_id,
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        lon=caregiver.lon,
        lat=caregiver.lat,
        capacity_boxes=caregiver.capacity_boxes,
        break_from=local_instant(day, pattern.break_from) if pattern.break_from else None,
        break_until=local_instant(day, pattern.break_until) if pattern.break_until else None,
        break_seconds=pattern.break_seconds,
    )
    taken[performer.id].append((starts_at, ends_at))
    return 1
