"""Jobs of checkout: consumers of outbox messages. Each locks its booking and acts on what it finds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.bookings.capacity import open_days
from marketplace.bookings.models import Booking
from marketplace.checkout import accepting, following, settling
from marketplace.visits.models import Performer, Shift

SYSTEM = Actor.system()


async def follow_payment(platform: Platform, message: Message) -> None:
    """payment.changed: confirm, fail, or give back what came too late."""
    async with _locked(platform, message.ids["booking_id"]) as (tx, booking):
        await following.follow_payment(tx, booking, policy=platform.policy, actor=SYSTEM, now=platform.now())


async def expire(platform: Platform, message: Message) -> None:
    """Timer booking.hold_due: end what is still not paid."""
    async with _locked(platform, message.ids["id"]) as (tx, booking):
        await following.expire(tx, booking, policy=platform.policy, actor=SYSTEM, now=platform.now())


async def acceptance_due(platform: Platform, message: Message) -> None:
    """Timer booking.accept_due: the provider has not said yes."""
    async with _locked(platform, message.ids["id"]) as (tx, booking):
        await accepting.give_up(tx, booking, policy=platform.policy, actor=SYSTEM, now=platform.now())


async def begin_service(platform: Platform, message: Message) -> None:
    """visit.checked_in, of a booking's visit."""
    if message.ids["cause_kind"] != "booking":
        return
    async with _locked(platform, message.ids["cause_id"]) as (tx, booking):
        await following.begin_service(tx, booking, actor=SYSTEM, now=platform.now())


async def settle(platform: Platform, message: Message) -> None:
    """visit.approved or visit.missed, of a booking's visit: complete it, or give all back."""
    if message.ids["cause_kind"] != "booking":
        return
    async with _locked(platform, message.ids["cause_id"]) as (tx, booking):
        await settling.settle(tx, booking, policy=platform.policy, actor=SYSTEM, now=platform.now())


async def close(platform: Platform, message: Message) -> None:
    """Timer booking.close_due: the time for complaints is over."""
    async with _locked(platform, message.ids["id"]) as (tx, booking):
        await following.close(tx, booking, actor=SYSTEM, now=platform.now())


async def recount(platform: Platform, message: Message) -> None:
    """shift.withdrawn: no more is promised of an absent caregiver's hours; what is promised stays so."""
    async with transaction(platform.db) as tx:
        found = select(col(Performer.provider_id)).join(Shift, col(Shift.performer_id) == col(Performer.id))
        provider_id = await tx.scalar(found.where(col(Shift.id) == UUID(message.ids["shift_id"])))
        if provider_id is not None:  # a volunteer's hours are nobody's offer
            day = date.fromisoformat(message.ids["day"])
            await open_days(tx, provider_id, day, 1, policy=platform.policy)


@asynccontextmanager
async def _locked(platform: Platform, booking_id: str) -> AsyncIterator[tuple[AsyncSession, Booking]]:
    """A transaction with the booking's row locked. A message about no booking is a defect and fails loudly."""
    async with transaction(platform.db) as tx:
        query = select(Booking).where(col(Booking.id) == UUID(booking_id)).with_for_update()
        yield tx, (await tx.scalars(query)).one()
