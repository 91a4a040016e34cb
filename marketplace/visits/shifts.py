"""Shifts: adding one to a district's day, and withdrawing one whose performer does not come."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.states import move
from marketplace.visits.assigning import withdraw_assignments
from marketplace.visits.errors import ImpossibleShift, PerformerLeft, ShiftOverlaps
from marketplace.visits.models import VISIT_STEPS, Assignment, Performer, Shift, Visit
from marketplace.visits.performers import held_skills


async def add_shift(
    tx: AsyncSession,
    *,
    performer: Performer,
    district_id: UUID,
    day: date,
    starts_at: datetime,
    ends_at: datetime,
    lon: float,
    lat: float,
    capacity_boxes: int = 0,
    break_from: datetime | None = None,
    break_until: datetime | None = None,
    break_seconds: int = 0,
    unpaid: bool = False,
) -> Shift:
    """A shift with the performer's skills and mode as they are now. `ShiftOverlaps` when she works then already."""
    if performer.state != "active":
        raise PerformerLeft(performer_id=str(performer.id))
    if ends_at <= starts_at:
        raise ImpossibleShift(pointer="/ends_at", reason="it ends before it starts")
    if break_seconds and not (
        break_from is not None and break_until is not None and starts_at <= break_from <= break_until <= ends_at
    ):
        raise ImpossibleShift(pointer="/break_from", reason="the break does not lie inside it")
    shift = Shift(
        performer_id=performer.id,
        district_id=district_id,
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        mode=performer.mode,
        lon=lon,
        lat=lat,
        skills=sorted(held_skills(performer)),
        capacity_boxes=capacity_boxes,
        break_from=break_from,
        break_until=break_until,
        break_seconds=break_seconds,
        unpaid=unpaid,
    )
    tx.add(shift)
    try:
        await tx.flush()
    except IntegrityError as error:
        if "shift_once" in str(error.orig):
            raise ShiftOverlaps(performer_id=str(performer.id)) from error
        raise
    return shift


async def withdraw_shift(tx: AsyncSession, shift_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Shift:
    """The shift does not go on: what was not begun goes back to be planned anew. A second call changes nothing."""
    shift = await tx.scalar(select(Shift).where(col(Shift.id) == shift_id).with_for_update())
    if shift is None:
        raise Unknown(what="shift")
    if shift.state == "withdrawn":
        return shift
    for visit in await _unstarted_visits(tx, shift):
        await withdraw_assignments(tx, visit, actor=actor, now=now, reason=reason, shift_id=_only(visit, shift))
        if visit.state == "published":
            await move(tx, visit, "planned", VISIT_STEPS, actor=actor, now=now, reason=reason)
    shift.state = "withdrawn"
    shift.version += 1
    await tx.flush()
    audit.note(tx, "shift.withdrawn", actor=actor, entity="shift", entity_id=shift.id)
    await outbox.send(
        tx, "shift.withdrawn", shift_id=shift.id, district_id=shift.district_id, day=shift.day.isoformat()
    )
    return shift


def _only(visit: Visit, shift: Shift) -> UUID | None:
    """A visit that has begun keeps its other members; one that has not is planned anew as a whole crew."""
    return None if visit.state in {"planned", "published"} else shift.id


async def _unstarted_visits(tx: AsyncSession, shift: Shift) -> list[Visit]:
    ids = select(col(Assignment.visit_id)).where(
        col(Assignment.shift_id) == shift.id, col(Assignment.state).in_(["planned", "published"])
    )
    query = select(Visit).where(col(Visit.id).in_(ids)).order_by(col(Visit.id)).with_for_update()
    return list(await tx.scalars(query))
