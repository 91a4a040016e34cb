"""Deciding a matter: another provider takes the booking over, or it is cancelled and all is given back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.policy import Policy
from marketplace.bookings.models import Booking
from marketplace.bookings.reading import booking_for
from marketplace.checkout.ending import end
from marketplace.checkout.moving import move_to
from marketplace.matters.errors import NotThisKind
from marketplace.matters.models import Matter
from marketplace.matters.service import close
from marketplace.people.access import visible_to
from marketplace.people.models import Elder

REASSIGNED = frozenset({"provider_gone"})


async def give_to(
    tx: AsyncSession, matter_id: UUID, offer_id: UUID, *, policy: Policy, actor: Actor, now: datetime
) -> Matter:
    """Another provider's offer takes the booking over. `Unknown`, `IllegalTransition`, and what `move_to` refuses."""
    matter, booking = await _reassignable(tx, matter_id, actor=actor, now=now)
    await move_to(tx, booking, offer_id, policy=policy, actor=actor, now=now)
    await close(tx, matter, "resolved", outcome="moved", actor=actor, now=now)
    return matter


async def cancel(
    tx: AsyncSession, matter_id: UUID, *, note: str | None, policy: Policy, actor: Actor, now: datetime
) -> Matter:
    """The booking ends and everything is given back, whatever its terms say. `ServiceStarted` when somebody came."""
    matter, booking = await _reassignable(tx, matter_id, actor=actor, now=now)
    reason = f"provider: {note}" if note else "provider"
    await end(tx, booking, "cancelled", policy=policy, actor=actor, now=now, reason=reason)
    await close(tx, matter, "resolved", outcome="cancelled", actor=actor, now=now, note=note)
    return matter


async def _reassignable(tx: AsyncSession, matter_id: UUID, *, actor: Actor, now: datetime) -> tuple[Matter, Booking]:
    matter, booking = await locked(tx, matter_id, actor=actor, now=now)
    if matter.kind not in REASSIGNED:
        raise NotThisKind(kind=matter.kind)
    return matter, booking


async def locked(tx: AsyncSession, matter_id: UUID, *, actor: Actor, now: datetime) -> tuple[Matter, Booking]:
    """An open matter the actor may see, with its booking; the booking is locked first, as everywhere."""
    visible = (
        select(Matter)
        .join(Elder, col(Elder.id) == col(Matter.elder_id))
        .where(col(Matter.id) == matter_id, visible_to(actor, now))
    )
    seen = await tx.scalar(visible)
    if seen is None:
        raise Unknown(what="matter")
    booking = await booking_for(tx, seen.booking_id, actor=actor, now=now, lock=True)
    matter = await tx.get_one(Matter, seen.id, with_for_update=True, populate_existing=True)
    if matter.state != "open":
        raise IllegalTransition(state=matter.state, wanted="resolved")
    return matter, booking
