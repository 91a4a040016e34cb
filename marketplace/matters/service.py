"""Opening and closing matters. The caller holds the booking's lock, so that one of a kind is open at most."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.bookings.models import Booking
from marketplace.matters.models import MATTER_STEPS, Matter


async def open_matters(tx: AsyncSession, booking: Booking, kind: str) -> list[Matter]:
    """The booking's open matters of a kind, locked: none or one."""
    query = select(Matter).where(
        col(Matter.booking_id) == booking.id, col(Matter.kind) == kind, col(Matter.state) == "open"
    )
    return list(await tx.scalars(query.with_for_update().execution_options(populate_existing=True)))


async def ensure_open(tx: AsyncSession, booking: Booking, kind: str, *, reason: str, now: datetime) -> Matter:
    """The booking's open matter of this kind; a new one sends matter.opened."""
    found = await open_matters(tx, booking, kind)
    if found:
        return found[0]
    matter = Matter(
        kind=kind,
        booking_id=booking.id,
        provider_id=booking.provider_id,
        elder_id=booking.elder_id,
        district_id=booking.district_id,
        due_at=booking.window_end,
        reason=reason,
        opened_at=now,
    )
    tx.add(matter)
    await tx.flush()
    await outbox.send(tx, "matter.opened", matter_id=matter.id, booking_id=booking.id)
    return matter


async def close(
    tx: AsyncSession,
    matter: Matter,
    to: str,
    *,
    outcome: str,
    actor: Actor,
    now: datetime,
    note: str | None = None,
) -> None:
    """End a locked matter. `IllegalTransition` when it is over already. Sends matter.closed."""
    if to in MATTER_STEPS[matter.state]:
        matter.outcome, matter.note = outcome, note
        matter.closed_at, matter.closed_by = now, actor.account_id
    await move(tx, matter, to, MATTER_STEPS, actor=actor, now=now, reason=outcome)
    await outbox.send(tx, "matter.closed", matter_id=matter.id, booking_id=matter.booking_id)
