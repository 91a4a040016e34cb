"""What a kitchen can promise, and what carrying its boxes takes from caregivers."""

import asyncio

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings import capacity
from marketplace.bookings.errors import SoldOut
from marketplace.bookings.models import Booking, Capacity, MealCapacity
from marketplace.visits.models import Shift
from tests.marketplace.bookings.builders import a_booking, a_town_with, held
from tests.marketplace.checkout.builders import TUESDAY, Market, at


def a_meal(market: Market, boxes: int = 1) -> Booking:
    return a_booking(market, service="meal", kitchen_id=market.kitchen_id, sitting="lunch", boxes=boxes)


async def test_boxes_are_sold_until_the_kitchen_is_full(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    first = await held(platform, a_meal(market, boxes=2))
    with pytest.raises(SoldOut):
        await held(platform, a_meal(market, boxes=2))
    await held(platform, a_meal(market))
    async with transaction(platform.db) as tx:
        assert await capacity.meals_left(tx, market.kitchen_id, TUESDAY, "lunch", kitchen_capacity=3) == 0
        await capacity.free(tx, first)
        assert await capacity.meals_left(tx, market.kitchen_id, TUESDAY, "lunch", kitchen_capacity=3) == 2


async def test_of_many_who_want_the_last_boxes_at_once_just_as_many_get_them(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    results = await asyncio.gather(*(held(platform, a_meal(market)) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Booking) for result in results) == 3
    assert sum(isinstance(result, SoldOut) for result in results) == 5
    async with transaction(platform.db) as tx:
        assert list(await tx.scalars(select(col(MealCapacity.used)))) == [3]


async def test_who_carries_boxes_keeps_half_of_her_time_for_them_while_meals_go_out(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    async with transaction(platform.db) as tx:
        await tx.execute(update(Shift).values(capacity_boxes=10))
        await capacity.open_days(tx, market.provider_id, TUESDAY, 1, policy=platform.policy)
        query = select(col(Capacity.seconds)).where(
            col(Capacity.skill) == "cleaning", col(Capacity.slot_at).between(at(9, 30), at(12, 30))
        )
        # lunches are fetched from 10:20 and delivered until 12:30: 1,800 × 0.7 × 0.5
        assert list(await tx.scalars(query.order_by(col(Capacity.slot_at)))) == [1260, 630, 630, 630, 630, 630, 1260]
