"""Jobs of matters: consumers of outbox messages. Each booking is judged in a transaction of its own."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.bookings.models import Booking
from marketplace.matters import review


async def review_provider(platform: Platform, message: Message) -> None:
    """A provider's standing or papers changed: look at each of its bookings to come."""
    async with transaction(platform.db) as tx:
        provider_id = UUID(message.ids["provider_id"])
        ids = await review.bookings_ahead(tx, provider_id, now=platform.now())
    for booking_id in ids:  # killed half way, the message comes again and finds what is left
        await _review(platform, booking_id)


async def review_booking(platform: Platform, message: Message) -> None:
    """A booking was confirmed, ended, began or moved: is its matter still one, or has it become one?"""
    if message.ids.get("cause_kind", "booking") == "booking":
        await _review(platform, UUID(message.ids.get("booking_id") or message.ids["cause_id"]))


async def _review(platform: Platform, booking_id: UUID) -> None:
    async with transaction(platform.db) as tx:
        booking = (await tx.scalars(select(Booking).where(col(Booking.id) == booking_id).with_for_update())).one()
        await review.review(tx, booking, policy=platform.policy, now=platform.now())
