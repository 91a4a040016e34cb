"""Finding free slots of an offer for an elder: half-hour starts of a home visit, or the sittings of a meal."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.policy import Policy
from marketplace.bookings.capacity import meals_left
from marketplace.bookings.errors import BeyondHorizon, CutoffPassed, InThePast
from marketplace.bookings.slots import Slot, find_slots
from marketplace.bookings.windows import SITTINGS, meal_window
from marketplace.checkout.booking import boxes_cooked
from marketplace.checkout.quotes import require_served, skills_for
from marketplace.people.elders import elder_for
from marketplace.providers.offers import BookableOffer, offer_for_booking

Found = list[tuple[Slot, str | None]]  # with the sitting's name for a meal


async def free_slots(
    tx: AsyncSession,
    offer_id: UUID,
    elder_id: UUID,
    day: date,
    *,
    unit: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Found:
    """What can be booked of an offer on a day; `Unknown` and the quotes' other refusals."""
    elder = await elder_for(tx, elder_id, actor=actor, now=now, scope="book")
    if day < local_day(now):
        raise InThePast(pointer="/day")
    if (day - local_day(now)).days > policy.booking.horizon_days:
        raise BeyondHorizon(pointer="/day", horizon_days=policy.booking.horizon_days)
    offer = await offer_for_booking(tx, offer_id, unit, now=now)
    await require_served(tx, offer, elder, day=day, now=now)
    if offer.kitchen is not None:
        return await _sittings(tx, offer, offer.kitchen.id, day, policy=policy, now=now)
    found = await find_slots(
        tx,
        provider_id=offer.provider_id,
        district_id=elder.district_id,
        skills=skills_for(offer, elder),
        service_seconds=offer.service.service_seconds,
        crew_size=offer.service.crew_size,
        day=day,
        rules=policy.booking,
        now=now,
    )
    return [(slot, None) for slot in found]


async def _sittings(
    tx: AsyncSession, offer: BookableOffer, kitchen_id: UUID, day: date, *, policy: Policy, now: datetime
) -> Found:
    found: Found = []
    for sitting in SITTINGS:
        try:
            window = meal_window(day, sitting, meals=policy.meal, rules=policy.booking, now=now)
        except CutoffPassed:
            continue
        cooked = boxes_cooked(offer, sitting)
        places = await meals_left(tx, kitchen_id, day, sitting, kitchen_capacity=cooked)
        if places > 0:
            found.append((Slot(window.start, window.end, places), sitting))
    return found
