import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings import capacity
from marketplace.bookings.errors import SlotTaken
from marketplace.bookings.models import Booking, Capacity, CapacityHold
from marketplace.bookings.slots import find_slots, serves_district
from marketplace.visits.models import Shift
from marketplace.visits.shifts import withdraw_shift
from tests.marketplace.bookings.builders import a_booking, a_town_with, held, used
from tests.marketplace.checkout.builders import TUESDAY, at


async def test_a_shift_opens_seventy_percent_of_each_half_hour(platform: Platform) -> None:
    await a_town_with(platform, 2)
    async with transaction(platform.db) as tx:
        rows = await tx.execute(
            select(func.count(), func.min(Capacity.seconds), func.max(Capacity.seconds)).where(
                col(Capacity.skill) == "cleaning", col(Capacity.slot_at) >= at(0), col(Capacity.slot_at) < at(23)
            )
        )
        # 08:00 to 18:00 are twenty half-hours; two caregivers × 1,800 × 0.7
        assert rows.one() == (20, 2520, 2520)


async def test_a_break_takes_its_share_of_the_half_hours_it_may_lie_in(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    async with transaction(platform.db) as tx:
        await tx.execute(
            update(Shift)
            .where(col(Shift.day) == TUESDAY)
            .values(break_from=at(12), break_until=at(13), break_seconds=1800)
        )
        await capacity.open_days(tx, market.provider_id, TUESDAY, 1, policy=platform.policy)
        query = select(col(Capacity.seconds)).where(
            col(Capacity.skill) == "*", col(Capacity.slot_at) >= at(11, 30), col(Capacity.slot_at) <= at(13, 30)
        )
        # 1,800 seconds of break somewhere in 12:00-13:30: 600 off each of three half-hours, (1,800 - 600) × 0.7
        assert list(await tx.scalars(query.order_by(col(Capacity.slot_at)))) == [1260, 840, 840, 840, 1260]


async def test_holding_takes_from_the_skill_and_from_everybody(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    await held(platform, a_booking(market))
    wanted = {"10:00": 1260, "10:30": 1260, "11:00": 1080}
    assert await used(platform, "cleaning") == wanted
    assert await used(platform, "*") == wanted


async def test_one_caregiver_with_two_skills_is_not_promised_twice(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    await held(platform, a_booking(market))
    with pytest.raises(SlotTaken):
        await held(platform, a_booking(market, service="bath", skills=["bath", "gender:f"]))


async def test_a_crew_of_two_needs_two_caregivers(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    with pytest.raises(SlotTaken):
        await held(platform, a_booking(market, crew_size=2))


async def test_a_later_start_in_the_window_is_taken_when_the_first_is_full(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    await held(platform, a_booking(market))
    await held(platform, a_booking(market, window_end=at(11, 30)))
    assert await used(platform, "cleaning") == {
        "10:00": 1260,
        "10:30": 1260,
        "11:00": 1080,
        "11:30": 1260,
        "12:00": 1260,
        "12:30": 1080,
    }


async def test_freeing_gives_back_exactly_what_was_held(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    booking = await held(platform, a_booking(market))
    for _ in range(2):  # a second time finds nothing to give back
        async with transaction(platform.db) as tx:
            await capacity.free(tx, booking)
        assert await used(platform, "*") == {}
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(CapacityHold)) == 0


async def test_the_database_refuses_more_than_there_is(platform: Platform) -> None:
    await a_town_with(platform, 1)
    with pytest.raises(IntegrityError, match="capacity_used"):
        async with transaction(platform.db) as tx:
            await tx.execute(update(Capacity).values(used=col(Capacity.seconds) + 1))


async def test_of_many_who_want_the_last_slot_at_once_exactly_one_gets_it(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    results = await asyncio.gather(*(held(platform, a_booking(market)) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Booking) for result in results) == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == 7
    assert (await used(platform, "*"))["10:00"] == 1260


async def test_booking_and_freeing_at_once_never_leaves_a_second_behind(platform: Platform) -> None:
    market = await a_town_with(platform, 3)

    async def come_and_go(index: int) -> bool:
        start = at(9 + index % 4)
        booking = a_booking(market, window_start=start, window_end=start + timedelta(hours=3))
        try:
            await held(platform, booking)
        except SlotTaken:  # who came first may have cut the window into pieces too short for an hour
            return False
        async with transaction(platform.db) as tx:
            await capacity.free(tx, booking)
        return True

    came = await asyncio.gather(*(come_and_go(index) for index in range(12)))
    assert sum(came) >= 3  # three caregivers: the first three are never refused
    assert await used(platform, "*") == {}
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(CapacityHold)) == 0


async def test_opening_again_never_falls_below_what_is_promised(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    await held(platform, a_booking(market))
    async with transaction(platform.db) as tx:
        shift = await tx.scalar(select(Shift).where(col(Shift.day) == TUESDAY))
        assert shift is not None
        await withdraw_shift(tx, shift.id, actor=Actor.system(), now=platform.now(), reason="ill")
        opened = await capacity.open_days(tx, market.provider_id, TUESDAY, 1, policy=platform.policy)
    assert opened == 3  # nothing is left of the day but the three half-hours that are promised
    async with transaction(platform.db) as tx:
        spare = select(func.sum(Capacity.seconds - Capacity.used)).where(
            col(Capacity.slot_at) >= at(0), col(Capacity.slot_at) < at(23)
        )
        assert await tx.scalar(spare) == 0


async def test_slots_are_found_where_a_whole_visit_fits(platform: Platform) -> None:
    market = await a_town_with(platform, 2)
    await held(platform, a_booking(market))
    async with transaction(platform.db) as tx:
        slots = await find_slots(
            tx,
            provider_id=market.provider_id,
            district_id=market.elder.district_id,
            skills=("cleaning", f"provider:{market.provider_id}"),
            service_seconds=3600,
            crew_size=1,
            day=TUESDAY,
            rules=platform.policy.booking,
            now=at(8, 45),
        )
    places = {slot.window_start: slot.places for slot in slots}
    assert min(places) == at(9)  # 08:30 has begun
    assert max(places) == at(16, 30)  # three half-hours before the shift ends at 18:00
    # whoever starts at 09:00 is busy until 10:30, when one of the two is taken
    assert [places[at(hour, minute)] for hour, minute in ((9, 0), (10, 0), (11, 0), (11, 30))] == [1, 1, 1, 2]


async def test_a_district_without_shifts_is_not_served(platform: Platform) -> None:
    market = await a_town_with(platform, 1)
    async with transaction(platform.db) as tx:
        home, other = (district.id for district in market.town.districts)

        async def serves(district_id: UUID) -> bool:
            return await serves_district(tx, market.provider_id, district_id, since=platform.now())

        assert await serves(home)
        assert not await serves(other)


async def test_the_books_of_capacity_agree_with_the_holds(platform: Platform) -> None:
    market = await a_town_with(platform, 2)
    for start in (at(9), at(9, 30), at(13)):
        await held(platform, a_booking(market, window_start=start, window_end=start))
    async with transaction(platform.db) as tx:
        wrong = await tx.scalar(
            text(
                "SELECT count(*) FROM capacity LEFT JOIN (SELECT skill, slot_at, sum(seconds) AS seconds"
                " FROM capacity_hold GROUP BY 1, 2) AS held USING (skill, slot_at)"
                " WHERE capacity.used <> coalesce(held.seconds, 0)"
            )
        )
    assert wrong == 0


async def test_one_person_with_two_scarce_skills_is_promised_once_though_others_are_free(platform: Platform) -> None:
    market = await a_town_with(platform, 2)
    async with transaction(platform.db) as tx:
        cleaner = market.caregivers[1].id
        women = ["cleaning", "gender:f", f"provider:{market.provider_id}"]
        await tx.execute(update(Shift).where(col(Shift.performer_id) == cleaner).values(skills=women))
        first = update(Shift).where(col(Shift.performer_id) == market.caregivers[0].id)
        await tx.execute(first.values(skills=["bath", "escort", *women]))
        await capacity.open_days(tx, market.provider_id, TUESDAY, 1, policy=platform.policy)
    await held(platform, a_booking(market, service="bath", skills=["bath", "gender:f"]))
    with pytest.raises(SlotTaken):
        await held(platform, a_booking(market, service="escort", skills=["escort"]))
    await held(platform, a_booking(market))  # the other one cleans
