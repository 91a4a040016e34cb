"""Trainings: recorded by officers; a city that asks for one lets nobody take a task without a valid induction."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.ids import new_id
from marketplace.hours.members.errors import TrainingMissing, TrainingPeriod
from marketplace.hours.models import Member, Training

GATE = "induction"


@dataclass(frozen=True, slots=True)
class Passed:
    """A training of a kind, passed on a day, valid until another or for good."""

    kind: str
    passed_on: date
    valid_until: date | None = None


async def record_training(tx: AsyncSession, member: Member, passed: Passed, *, actor: Actor, now: datetime) -> Training:
    """Write a training into the member's file; the same one twice is one. `TrainingPeriod`."""
    ends_early = passed.valid_until is not None and passed.valid_until < passed.passed_on
    if passed.passed_on > local_day(now) or ends_early:
        raise TrainingPeriod(pointer="/valid_until" if ends_early else "/passed_on")
    row = insert(Training).values(
        id=new_id(),
        member_id=member.id,
        kind=passed.kind,
        passed_on=passed.passed_on,
        valid_until=passed.valid_until,
        recorded_by=actor.account_id,
        recorded_at=now,
    )
    added = await tx.scalar(row.on_conflict_do_nothing().returning(col(Training.id)))
    if added is not None:
        audit.note(tx, "training.recorded", actor=actor, entity="member", entity_id=member.id, kind=passed.kind)
    same = (col(Training.kind) == passed.kind, col(Training.passed_on) == passed.passed_on)
    return (await tx.scalars(select(Training).where(col(Training.member_id) == member.id, *same))).one()


async def trainings_of(tx: AsyncSession, member_id: UUID) -> list[Training]:
    """All that stand in the file, the newest first."""
    query = select(Training).where(col(Training.member_id) == member_id)
    return list(await tx.scalars(query.order_by(col(Training.passed_on).desc(), col(Training.id))))


async def require_training(tx: AsyncSession, member_id: UUID, *, on: date) -> None:
    """`TrainingMissing` unless an induction is valid on that day."""
    query = select(col(Training.id)).where(
        col(Training.member_id) == member_id,
        col(Training.kind) == GATE,
        col(Training.passed_on) <= on,
        or_(col(Training.valid_until).is_(None), col(Training.valid_until) >= on),
    )
    if await tx.scalar(query.limit(1)) is None:
        raise TrainingMissing(on=on.isoformat())
