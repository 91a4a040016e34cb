"""The list of matters: what waits for a person, the most urgent first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.bookings.models import Booking
from marketplace.matters.models import Matter
from marketplace.people.access import visible_to
from marketplace.people.models import Elder

Listed = tuple[Matter, Booking]


async def matters_for(
    tx: AsyncSession,
    *,
    actor: Actor,
    now: datetime,
    state: str = "open",
    kind: str | None = None,
    district_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Listed]:
    """Matters about elders whom the actor may see, with their bookings, by when it is too late; after a cursor."""
    query = (
        select(Matter, Booking)
        .join(Booking, col(Booking.id) == col(Matter.booking_id))
        .join(Elder, col(Elder.id) == col(Matter.elder_id))
        .where(col(Matter.state) == state, visible_to(actor, now))
        .order_by(col(Matter.due_at), col(Matter.id))
        .limit(limit)
    )
    for given, column in ((kind, col(Matter.kind)), (district_id, col(Matter.district_id))):
        if given is not None:
            query = query.where(column == given)
    if after is not None:
        at = await tx.scalar(select(col(Matter.due_at)).where(col(Matter.id) == after))
        query = query.where(tuple_(col(Matter.due_at), col(Matter.id)) > tuple_(literal(at), literal(after)))
    return [(matter, booking) for matter, booking in await tx.execute(query)]
