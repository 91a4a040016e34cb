"""Served bookings for tests of quality, written as checkout leaves them."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.clock import local_day
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.bookings.models import Booking
from marketplace.checkout.models import Tender
from marketplace.people.models import Account, Elder
from marketplace.providers.models import Provider
from marketplace.providers.offers import offer_for_booking
from tests.marketplace.providers.builders import an_offer


async def a_booking(
    platform: Platform,
    tx: AsyncSession,
    provider: Provider,
    elder: Elder,
    booked_by: Account,
    *,
    state: str = "completed",
) -> Booking:
    """A cleaning for the elder, an hour ago, in this state."""
    offer = await an_offer(platform, tx, provider.id)
    taken = await offer_for_booking(tx, offer.id, "fen", now=platform.now())
    start = platform.now() - timedelta(hours=1)
    booking = Booking(
        quote_id=new_id(),
        offer_id=offer.id,
        price_id=taken.price_id,
        price_version=taken.price_version,
        provider_id=provider.id,
        service=taken.service.code,
        tier=taken.tier,
        elder_id=elder.id,
        booked_by=booked_by.id,
        payer_id=booked_by.id,
        state=state,
        unit=taken.unit,
        amount=taken.amount,
        window_start=start,
        window_end=start,
        day=local_day(start),
        district_id=elder.district_id,
        service_seconds=taken.service.service_seconds,
        crew_size=taken.service.crew_size,
        skills=taken.service.skills,
        priority=taken.service.priority,
        cancel_policy={},
        policy=platform.policy.stamp,
        hold_until=start,
        booked_at=start - timedelta(days=1),
    )
    tx.add(booking)
    await tx.flush()
    tx.add(
        Tender(
            booking_id=booking.id,
            kind="card",
            unit="fen",
            amount=taken.amount,
            state="captured",
            kept=taken.amount,
            reference=f"booking:{booking.id}",
        )
    )
    await tx.flush()
    return booking
