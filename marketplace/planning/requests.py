"""Requests to plan a day: asking counts up, a run claims the day for a while and answers for what it had counted.

What is asked while a run works raises the count, and the run's end sends for one more. A killed run's claim
lapses before its message is delivered again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.ids import new_id
from marketplace.planning.errors import AlreadyPlanning, ClaimLost
from marketplace.planning.models import PlanRequest


@dataclass(frozen=True, slots=True)
class Claim:
    """A run's hold on a district's day: what it answers for, and the name under which it may finish."""

    district_id: UUID
    day: date
    version: int
    token: UUID


async def ask(tx: AsyncSession, district_id: UUID, day: date, *, now: datetime) -> PlanRequest:
    """Count one more wish to plan the day. Sends nothing."""
    row = insert(PlanRequest).values(
        id=new_id(), district_id=district_id, day=day, asked_at=now, version=1, done_version=0
    )
    counted = row.on_conflict_do_update(
        index_elements=["district_id", "day"],
        set_={"version": col(PlanRequest.version) + 1, "asked_at": now},
    ).returning(PlanRequest)
    result = await tx.execute(counted, execution_options={"populate_existing": True})
    return result.scalar_one()


async def send_for(tx: AsyncSession, district_id: UUID, day: date) -> None:
    """Have the day planned by a worker."""
    await outbox.send(tx, "plan.requested", district_id=district_id, day=day.isoformat())


async def claim(tx: AsyncSession, district_id: UUID, day: date, *, lease_seconds: float) -> Claim | None:
    """Hold the day for a run; None when all that was asked is answered. `AlreadyPlanning` while another run holds."""
    request = await _locked(tx, district_id, day)
    if request is None or request.done_version >= request.version:
        return None
    wall = await tx.scalar(select(func.now()))
    if request.claimed_until is not None and wall is not None and request.claimed_until > wall:
        raise AlreadyPlanning(retry_after_seconds=1)
    held = Claim(district_id, day, request.version, new_id())
    request.claim = held.token
    request.claimed_until = None if wall is None else wall + timedelta(seconds=lease_seconds)
    await tx.flush()
    return held


async def require(tx: AsyncSession, held: Claim) -> PlanRequest:
    """The locked request, still held by this run; else `ClaimLost`."""
    request = await _locked(tx, held.district_id, held.day)
    if request is None or request.claim != held.token:
        raise ClaimLost
    return request


async def finish(tx: AsyncSession, held: Claim, *, outcome: str) -> None:
    """The run has answered. If more was asked meanwhile, send for another."""
    request = await require(tx, held)
    request.done_version = held.version
    request.outcome = outcome
    request.claim = request.claimed_until = None
    await tx.flush()
    if request.version > held.version:
        await send_for(tx, held.district_id, held.day)


async def give_up(tx: AsyncSession, held: Claim, *, outcome: str) -> None:
    """The run has no answer: let the next one in at once. A claim that was lost already is nobody's business."""
    request = await _locked(tx, held.district_id, held.day)
    if request is not None and request.claim == held.token:
        request.claim = request.claimed_until = None
        request.outcome = outcome
        await tx.flush()


async def _locked(tx: AsyncSession, district_id: UUID, day: date) -> PlanRequest | None:
    return await tx.scalar(
        select(PlanRequest)
        .where(col(PlanRequest.district_id) == district_id, col(PlanRequest.day) == day)
        .with_for_update()
    )
