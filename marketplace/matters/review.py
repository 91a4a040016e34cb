"""Reviewing a provider's bookings after its standing changed: what it may not serve becomes a dispatcher's matter.

Looks at what is, not at what the message said: a provider that serves again makes its open matters disappear.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.bookings.models import ENDED, NOT_AGREED, Booking
from marketplace.checkout.ending import end
from marketplace.checkout.following import has_begun
from marketplace.matters.service import close, ensure_open, open_matters
from marketplace.providers.models import BARRED, Provider
from marketplace.providers.standing import is_bookable

GONE = "provider_gone"
KINDS = frozenset({GONE, "nobody_came", "welfare", "customer_absent"})
AHEAD = NOT_AGREED | {"confirmed"}  # promised, and nobody has come yet
SYSTEM = Actor.system()


async def bookings_ahead(tx: AsyncSession, provider_id: UUID, *, now: datetime) -> list[UUID]:
    """The ids of the provider's bookings that are still to be served, the soonest first."""
    query = select(col(Booking.id)).where(
        col(Booking.provider_id) == provider_id, col(Booking.state).in_(AHEAD), col(Booking.window_end) >= now
    )
    return list(await tx.scalars(query.order_by(col(Booking.window_start), col(Booking.id))))


async def review(tx: AsyncSession, booking: Booking, *, policy: Policy, now: datetime) -> None:
    """Judge one locked booking by its provider's standing of now.

    What is not agreed yet ends; what is agreed stays and waits for a dispatcher. A matter whose
    booking ended, began, moved or can be served after all is dropped.
    """
    if booking.state not in AHEAD or await has_begun(tx, booking):
        # how an elder is who did not open must be found out even when the booking has ended
        over = KINDS - {"welfare"} if booking.state in ENDED else KINDS
        await _drop(tx, booking, over, f"booking_{booking.state}", now)
    elif await is_bookable(tx, booking.provider_id, booking.day, service=booking.service):
        await _drop(tx, booking, {GONE}, "can_be_served", now)
    elif booking.state in NOT_AGREED:
        await end(tx, booking, "declined", policy=policy, actor=SYSTEM, now=now, reason="provider may not serve")
    else:
        state = await tx.scalar(select(col(Provider.state)).where(col(Provider.id) == booking.provider_id))
        reason = state if state in BARRED else "paper_missing"
        await ensure_open(tx, booking, GONE, reason=str(reason), now=now)


async def _drop(tx: AsyncSession, booking: Booking, kinds: Iterable[str], outcome: str, now: datetime) -> None:
    for kind in sorted(kinds):
        for matter in await open_matters(tx, booking, kind):
            await close(tx, matter, "dropped", outcome=outcome, actor=SYSTEM, now=now)
