"""Reading bookings: only those one may see, and locked when one is about to act.

One sees what one booked, pays for or delivers, and the bookings of every elder one may see.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.bookings.models import Booking
from marketplace.people.access import visible_to
from marketplace.people.models import Elder


def visible_bookings(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition on `Booking` under which the actor may see it."""
    if actor.is_system:
        return true()
    elders = select(col(Elder.id)).where(visible_to(actor, now))
    conditions = [
        col(Booking.booked_by) == actor.account_id,
        col(Booking.payer_id) == actor.account_id,
        col(Booking.elder_id).in_(elders),
    ]
    if actor.provider_id is not None and actor.is_any(Role.PROVIDER):
        conditions.append(col(Booking.provider_id) == actor.provider_id)
    return or_(*conditions)


async def booking_for(
    tx: AsyncSession, booking_id: UUID, *, actor: Actor, now: datetime, lock: bool = False
) -> Booking:
    """The booking, if the actor may see it; else `Unknown`. `lock` before acting on it."""
    query = select(Booking).where(col(Booking.id) == booking_id, visible_bookings(actor, now))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = await tx.scalar(query)
    if found is None:
        raise Unknown(what="booking")
    return found


async def bookings_for(
    tx: AsyncSession,
    *,
    actor: Actor,
    now: datetime,
    state: str | None = None,
    day: date | None = None,
    elder_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Booking]:
    """Visible bookings, newest first, before a cursor."""
    query = select(Booking).where(visible_bookings(actor, now)).order_by(col(Booking.id).desc()).limit(limit)
    for given, column in ((state, col(Booking.state)), (day, col(Booking.day)), (elder_id, col(Booking.elder_id))):
        if given is not None:
            query = query.where(column == given)
    if before is not None:
        query = query.where(col(Booking.id) < before)
    return list(await tx.scalars(query))
