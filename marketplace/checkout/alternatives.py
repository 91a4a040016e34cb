"""Who else could keep a booking's promise: the same service and tier, in its window, for no more than was agreed.

A hit is no promise yet: it becomes one when the booking is moved there, or booked anew.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.policy import Policy
from marketplace.bookings.capacity import has_room, meals_left
from marketplace.bookings.capacity.demand import permille
from marketplace.bookings.models import Booking
from marketplace.bookings.windows import SITTINGS, meal_cutoff
from marketplace.catalogue.service import service_by_code
from marketplace.checkout.booking import boxes_cooked
from marketplace.hours.members.redemptions import agreement_of, redemption_of
from marketplace.hours.tenders import reference_of_hours
from marketplace.people.models import Elder
from marketplace.providers.offers import offer_for_booking
from marketplace.providers.rating import bayesian_mean
from marketplace.providers.search import Wish, find_hits
from marketplace.providers.standing import is_bookable

MOST = 50  # cheapest first: nobody reads further


@dataclass(frozen=True, slots=True)
class Alternative:
    """An offer that could take the booking over. `amount` is the whole booking's, in its own unit."""

    offer_id: UUID
    provider_id: UUID
    provider_name: str
    name_zh: str
    name_en: str
    amount: int
    distance_metres: int
    rating_mean: float
    rating_count: int


async def alternatives(tx: AsyncSession, booking: Booking, *, policy: Policy, now: datetime) -> list[Alternative]:
    """Other providers' offers that fit the booking now, the cheapest first; none once its time is over."""
    if not still_orderable(booking, policy, now):
        return []
    elder = await tx.get_one(Elder, booking.elder_id)  # visible: the caller has shown the booking
    wish = Wish(
        service=await service_by_code(tx, booking.service),
        lon=elder.lon,
        lat=elder.lat,
        district_id=booking.district_id,
        gender=elder.gender,
        tier=booking.tier,
        sort="price",
        limit=MOST,
    )
    rows = [row for row in await find_hits(tx, wish, now=now, rules=policy.rating) if _affordable(booking, row)]
    return [_shown(booking, row, policy) for row in rows if await _can_keep(tx, booking, row, policy, now)]


def still_orderable(booking: Booking, policy: Policy, now: datetime) -> bool:
    """May somebody else still begin: the window is open, or the kitchens have not counted their boxes."""
    if booking.sitting is None:
        return now <= booking.window_end
    sitting = next(one for one in SITTINGS if one == booking.sitting)
    return now < meal_cutoff(booking.day, sitting, policy.meal)


def is_affordable(booking: Booking, amount: int) -> bool:
    """No dearer than agreed; and what costs something stays something, as a tender pays for it."""
    return amount <= booking.amount and (amount > 0) == (booking.amount > 0)


def whole_amount(booking: Booking, unit_price: int) -> int:
    """The price of the whole booking at a price per visit or box."""
    return unit_price * (booking.boxes or 1)


def _affordable(booking: Booking, row: Row[Any]) -> bool:
    price = row.price_fen if booking.unit == "fen" else row.price_minutes
    others = row.provider_id != booking.provider_id
    return others and not row.must_accept and price is not None and is_affordable(booking, whole_amount(booking, price))


async def _can_keep(tx: AsyncSession, booking: Booking, row: Row[Any], policy: Policy, now: datetime) -> bool:
    if not await is_bookable(tx, row.provider_id, booking.day, service=booking.service):
        return False
    if not await is_paid_alike(tx, booking, row.offer_id):
        return False
    if booking.sitting is None:
        share = permille(policy.booking.capacity_share)
        return await has_room(tx, row.provider_id, booking, share_permille=share, since=now)
    offer = await offer_for_booking(tx, row.offer_id, booking.unit, now=now, on=booking.day)
    cooked = boxes_cooked(offer, booking.sitting)
    left = await meals_left(tx, row.kitchen_id, booking.day, booking.sitting, kitchen_capacity=cooked)
    return left >= booking.boxes


async def is_paid_alike(tx: AsyncSession, booking: Booking, offer_id: UUID) -> bool:
    """Who is paid by a programme for redeemed hours takes over only what that money was set aside for. Where it was, it
    pays whoever serves."""
    if booking.unit != "minutes" or await agreement_of(tx, offer_id) is None:
        return True
    return await redemption_of(tx, reference_of_hours(booking.id)) is not None


def _shown(booking: Booking, row: Row[Any], policy: Policy) -> Alternative:
    return Alternative(
        offer_id=row.offer_id,
        provider_id=row.provider_id,
        provider_name=row.provider_name,
        name_zh=row.name_zh,
        name_en=row.name_en,
        amount=whole_amount(booking, row.price_fen if booking.unit == "fen" else row.price_minutes),
        distance_metres=round(row.distance_metres),
        rating_mean=bayesian_mean(row.rating_sum, row.rating_count, policy.rating),
        rating_count=row.rating_count,
    )
