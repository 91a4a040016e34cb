"""Jobs of matters: consumers of outbox messages. Each booking is judged in a transaction of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.bookings.models import Booking
from marketplace.matters import attendance, review
from marketplace.matters.models import Matter


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


async def visit_late(platform: Platform, message: Message) -> None:
    """visit.late: somebody else may still come."""
    async with _booking_of(platform, message) as (tx, booking):
        if booking is not None:
            await attendance.nobody_came(tx, booking, now=platform.now())


async def nobody_home(platform: Platform, message: Message) -> None:
    """visit.nobody_home: the elder did not open."""
    async with _booking_of(platform, message) as (tx, booking):
        if booking is not None:
            await attendance.nobody_opened(tx, booking, now=platform.now())


async def count_no_show(platform: Platform, message: Message) -> None:
    """visit.missed: whoever was to come did not."""
    async with _booking_of(platform, message) as (tx, booking):
        if booking is not None:
            await attendance.count_no_show(tx, booking, now=platform.now())


async def judge_due(platform: Platform, message: Message) -> None:
    """Timer matter.judge_due: nobody has judged a no-show."""
    async with transaction(platform.db) as tx:
        seen = await tx.get_one(Matter, UUID(message.ids["id"]))
        booking = await _locked(tx, seen.booking_id)
        matter = await tx.get_one(Matter, seen.id, with_for_update=True, populate_existing=True)
        await attendance.leave_unjudged(tx, booking, matter, policy=platform.policy, now=platform.now())


@asynccontextmanager
async def _booking_of(platform: Platform, message: Message) -> AsyncIterator[tuple[AsyncSession, Booking | None]]:
    """A transaction with the locked booking of the message's visit; None for a volunteer's task."""
    async with transaction(platform.db) as tx:
        of_booking = message.ids["cause_kind"] == "booking"
        yield tx, await _locked(tx, UUID(message.ids["cause_id"])) if of_booking else None


async def _review(platform: Platform, booking_id: UUID) -> None:
    async with transaction(platform.db) as tx:
        booking = await _locked(tx, booking_id)
        await review.review(tx, booking, policy=platform.policy, now=platform.now())


async def _locked(tx: AsyncSession, booking_id: UUID) -> Booking:
    return (await tx.scalars(select(Booking).where(col(Booking.id) == booking_id).with_for_update())).one()
