"""Bookings that ask for capacity, and a town that has some."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.bookings import capacity
from marketplace.bookings.models import Booking, Capacity
from tests.marketplace.checkout.builders import TUESDAY, Market, a_market, at

SHARE = 700


def a_booking(market: Market, **changed: Any) -> Booking:
    """A free cleaning of an hour, Tuesday at ten."""
    fields: dict[str, Any] = {
        "quote_id": new_id(),
        "offer_id": market.offers["cleaning"],
        "price_id": new_id(),
        "price_version": 1,
        "provider_id": market.provider_id,
        "service": "cleaning",
        "tier": "free",
        "elder_id": market.elder.id,
        "booked_by": market.family.account_id,
        "payer_id": market.family.account_id,
        "unit": "fen",
        "amount": 0,
        "window_start": at(10),
        "window_end": at(10),
        "day": TUESDAY,
        "district_id": market.elder.district_id,
        "service_seconds": 3600,
        "crew_size": 1,
        "skills": ["cleaning"],
        "priority": 30,
        "cancel_policy": {},
        "policy": "taiyuan@1",
        "hold_until": at(9),
        "booked_at": at(8),
    }
    return Booking(**{**fields, **changed})


async def held(platform: Platform, booking: Booking, *, kitchen_capacity: int = 3) -> Booking:
    async with transaction(platform.db) as tx:
        tx.add(booking)
        await tx.flush()
        await capacity.hold(tx, booking, share_permille=SHARE, kitchen_capacity=kitchen_capacity)
    return booking


async def used(platform: Platform, skill: str) -> dict[str, int]:
    """Seconds used of Tuesday by local time, where there are any."""
    async with transaction(platform.db) as tx:
        rows = await tx.execute(
            select(func.to_char(func.timezone("Asia/Shanghai", Capacity.slot_at), "HH24:MI"), col(Capacity.used))
            .where(col(Capacity.skill) == skill, col(Capacity.used) > 0)
            .order_by(col(Capacity.slot_at))
        )
        return {row[0]: row[1] for row in rows}


async def a_town_with(platform: Platform, caregivers: int) -> Market:
    async with transaction(platform.db) as tx:
        return await a_market(platform, tx, caregivers=caregivers)
