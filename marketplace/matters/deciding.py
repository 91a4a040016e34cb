"""Deciding a matter.

Another provider takes the booking over, or it is cancelled and all is given back; an officer found out how an elder is
who did not open, and judges whether she failed the performer who waited.
"""

from collections.abc import Container
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.policy import Policy
from marketplace.bookings.cancel_terms import CancelTerms
from marketplace.bookings.models import Booking
from marketplace.bookings.reading import booking_for
from marketplace.checkout.ending import end
from marketplace.checkout.moving import move_to
from marketplace.matters.errors import EvidenceMissing, NotThisKind, WelfareFirst
from marketplace.matters.models import Matter
from marketplace.matters.service import close, open_matters
from marketplace.people.access import visible_to
from marketplace.people.models import Elder

REASSIGNED = frozenset({"provider_gone", "nobody_came"})


async def give_to(
    tx: AsyncSession, matter_id: UUID, offer_id: UUID, *, policy: Policy, actor: Actor, now: datetime
) -> Matter:
    """Another provider's offer takes the booking over. `Unknown`, `IllegalTransition`, and what `move_to` refuses."""
    matter, booking = await _of_kind(tx, matter_id, REASSIGNED, actor=actor, now=now)
    await move_to(tx, booking, offer_id, policy=policy, actor=actor, now=now)
    await close(tx, matter, "resolved", outcome="moved", actor=actor, now=now)
    return matter


async def cancel(
    tx: AsyncSession, matter_id: UUID, *, note: str | None, policy: Policy, actor: Actor, now: datetime
) -> Matter:
    """The booking ends and everything is given back, whatever its terms say. `ServiceStarted` when somebody came."""
    matter, booking = await _of_kind(tx, matter_id, REASSIGNED, actor=actor, now=now)
    reason = f"provider: {note}" if note else "provider"
    await end(tx, booking, "cancelled", policy=policy, actor=actor, now=now, reason=reason)
    await close(tx, matter, "resolved", outcome="cancelled", actor=actor, now=now, note=note)
    return matter


async def found(
    tx: AsyncSession, matter_id: UUID, outcome: str, *, note: str | None, actor: Actor, now: datetime
) -> Matter:
    """An officer knows how the elder is."""
    matter, _ = await _of_kind(tx, matter_id, {"welfare"}, actor=actor, now=now)
    await close(tx, matter, "resolved", outcome=outcome, actor=actor, now=now, note=note)
    return matter


async def judge(
    tx: AsyncSession,
    matter_id: UUID,
    *,
    absent: bool,
    note: str | None,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Matter:
    """Say whether the elder failed the performer; only then, and only if she is well, the fee of her terms is kept.

    `WelfareFirst`, `EvidenceMissing`, `IllegalTransition`.
    """
    matter, booking = await _of_kind(tx, matter_id, {"customer_absent"}, actor=actor, now=now)
    if await open_matters(tx, booking, "welfare"):
        raise WelfareFirst
    if absent and matter.reason != "waited":
        raise EvidenceMissing
    fee_fen = await _fee(tx, booking) if absent else 0
    to, reason = ("no_show", "customer absent") if absent else ("failed", "no-show overturned")
    await end(tx, booking, to, policy=policy, actor=actor, now=now, reason=reason, fee_fen=fee_fen)
    outcome = "confirmed" if absent else "overturned"
    await close(tx, matter, "resolved", outcome=outcome, actor=actor, now=now, note=note)
    return matter


async def _fee(tx: AsyncSession, booking: Booking) -> int:
    """What a performer's way for nothing costs by the booking's own terms; nothing if the elder was not well."""
    latest = select(col(Matter.outcome)).where(
        col(Matter.booking_id) == booking.id, col(Matter.kind) == "welfare", col(Matter.state) == "resolved"
    )
    if await tx.scalar(latest.order_by(col(Matter.opened_at).desc()).limit(1)) != "well":
        return 0
    terms = CancelTerms.read(booking.cancel_policy)
    return min(terms.departed_fee_fen, booking.amount) if booking.unit == "fen" else 0


async def _of_kind(
    tx: AsyncSession, matter_id: UUID, kinds: Container[str], *, actor: Actor, now: datetime
) -> tuple[Matter, Booking]:
    matter, booking = await locked(tx, matter_id, actor=actor, now=now)
    if matter.kind not in kinds:
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
