"""Two people want the last of something at the same moment."""

import asyncio
from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.demo.callers import Caller, Refused
from tests.running import City


async def test_two_families_want_the_last_lunch_and_one_gets_it(city: City) -> None:
    async with city.people() as line:
        first = line.caller(line.cast.families[5].person.phone)
        # somebody whose elder lives in the same district is served by the same kitchens
        district = line.cast.elders[line.cast.families[5].elder].district
        other = next(one for one in line.cast.families[6:] if line.cast.elders[one.elder].district == district)
        second = line.caller(other.person.phone)
        day = (city.today + timedelta(days=2)).isoformat()
        quotes = {}
        offer = None
        for caller in (first, second):
            elder = (await caller.get("/v1/elders"))["elders"][0]
            if offer is None:
                offer = (await caller.get("/v1/search", service="meal", elder_id=elder["id"]))["hits"][0]["offer_id"]
            asked = {"offer_id": offer, "elder_id": elder["id"], "day": day, "sitting": "lunch"}
            quotes[caller] = (await caller.post("/v1/quotes", asked, key=uuid4().hex))["id"]
        await leave_one_lunch(city, offer, day)

        async def take(caller: Caller) -> str:
            body = {"quote_id": quotes[caller], "payment_method": "pm_card_visa"}
            try:
                await caller.post("/v1/bookings", body, key=uuid4().hex)
            except Refused as refused:
                return refused.code
            return "booked"

        outcomes = sorted(await asyncio.gather(take(first), take(second)))
        assert outcomes == ["booked", "sold_out"]


async def leave_one_lunch(city: City, offer_id: str | None, day: str) -> None:
    """Fill the kitchen's sitting up to one box."""
    change = text(
        "INSERT INTO meal_capacity (kitchen_id, day, sitting, capacity, used)"
        " SELECT k.id, :day, 'lunch', k.lunch_capacity, k.lunch_capacity - 1"
        " FROM offer o JOIN kitchen k ON k.id = o.kitchen_id WHERE o.id = CAST(:offer AS uuid)"
        " ON CONFLICT (kitchen_id, day, sitting) DO UPDATE SET used = meal_capacity.capacity - 1"
    )
    async with city.platform() as platform, transaction(platform.db) as tx:
        await tx.execute(change, {"day": date.fromisoformat(day), "offer": offer_id})
