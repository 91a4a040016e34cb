"""Quotes: the published price of an offer for an elder and a time, fixed until it expires."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden
from marketplace.base.policy import Policy
from marketplace.bookings.errors import NotServedHere, WindowOrSitting
from marketplace.bookings.slots import serves_district
from marketplace.bookings.windows import Window, home_window, meal_window
from marketplace.checkout.errors import ProviderNotBookable
from marketplace.checkout.models import Quote
from marketplace.checkout.schemas import QuoteIn
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder
from marketplace.providers.offers import BookableOffer, offer_for_booking
from marketplace.providers.standing import is_bookable


async def quote(tx: AsyncSession, data: QuoteIn, *, policy: Policy, actor: Actor, now: datetime) -> Quote:
    """Quote an offer. Whoever asks may book for the elder, else `Unknown`; every impossible time has its error."""
    if actor.account_id is None:
        raise Forbidden
    elder = await elder_for(tx, data.elder_id, actor=actor, now=now, scope="book")
    offer = await offer_for_booking(tx, data.offer_id, data.unit, now=now)
    window = window_of(data, offer, policy=policy, now=now)
    await require_served(tx, offer, elder, day=window.day, now=now)
    service = offer.service
    row = Quote(
        asked_by=actor.account_id,
        elder_id=elder.id,
        offer_id=offer.offer_id,
        price_id=offer.price_id,
        price_version=offer.price_version,
        provider_id=offer.provider_id,
        service=service.code,
        tier=offer.tier,
        unit=data.unit,
        amount=offer.amount * (data.boxes if offer.kitchen else 1),
        window_start=window.start,
        window_end=window.end,
        day=window.day,
        district_id=elder.district_id,
        service_seconds=service.service_seconds,
        crew_size=service.crew_size,
        skills=list(skills_for(offer, elder)),
        priority=service.priority,
        kitchen_id=offer.kitchen.id if offer.kitchen else None,
        sitting=data.sitting,
        boxes=data.boxes if offer.kitchen else 0,
        policy=policy.stamp,
        expires_at=now + timedelta(minutes=policy.booking.quote_minutes),
    )
    tx.add(row)
    await tx.flush()
    return row


def window_of(data: QuoteIn, offer: BookableOffer, *, policy: Policy, now: datetime) -> Window:
    """The window asked for: by sitting for what a kitchen cooks, by instants for a home visit."""
    if offer.kitchen is not None:
        if data.day is None or data.sitting is None or data.window_start or data.window_end:
            raise WindowOrSitting(pointer="/sitting")
        return meal_window(data.day, data.sitting, meals=policy.meal, rules=policy.booking, now=now)
    if data.window_start is None or data.window_end is None or data.day or data.sitting or data.boxes != 1:
        raise WindowOrSitting(pointer="/window_start")
    return home_window(
        data.window_start,
        data.window_end,
        service_seconds=offer.service.service_seconds,
        rules=policy.booking,
        now=now,
    )


def skills_for(offer: BookableOffer, elder: Elder) -> tuple[str, ...]:
    """What a performer must hold: a home visit is done by the chosen provider, some by one of the elder's gender."""
    skills = set(offer.service.skills)
    if offer.kitchen is None:
        skills.add(f"provider:{offer.provider_id}")
    if offer.service.gender_match:
        skills.add(f"gender:{elder.gender}")
    return tuple(sorted(skills))


async def require_served(tx: AsyncSession, offer: BookableOffer, elder: Elder, *, day: date, now: datetime) -> None:
    """`ProviderNotBookable` on that day, `NotServedHere` when provider or kitchen does not come to the elder."""
    if not await is_bookable(tx, offer.provider_id, day, service=offer.service.code):
        raise ProviderNotBookable(provider_id=str(offer.provider_id))
    if offer.kitchen is not None:
        served = elder.district_id in offer.kitchen.district_ids
    else:
        served = await serves_district(tx, offer.provider_id, elder.district_id, since=now)
    if not served:
        raise NotServedHere(district_id=str(elder.district_id))
