import asyncio
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.providers.caregivers import let_go, train
from marketplace.providers.errors import Impossible
from marketplace.providers.schemas.staff import TrainingIn, WeeklyShiftIn
from marketplace.providers.shifts import roll_out, set_week, week_of
from marketplace.visits.errors import PerformerLeft
from marketplace.visits.models import Shift
from marketplace.visits.shifts import withdraw_shift
from tests.builders import a_town
from tests.marketplace.providers.builders import SYSTEM, a_caregiver, a_provider, on_shift

MONDAY = date(2026, 3, 2)


def weekly(starts: str, ends: str, *, weekday: int = 0, pause: tuple[str, str, int] | None = None) -> WeeklyShiftIn:
    return WeeklyShiftIn(
        weekday=weekday,
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
        break_from=time.fromisoformat(pause[0]) if pause else None,
        break_until=time.fromisoformat(pause[1]) if pause else None,
        break_seconds=pause[2] if pause else 0,
    )


async def test_a_week_becomes_shifts_in_the_citys_time(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    caregiver, performer = await a_caregiver(platform, tx, provider.id, "meal", "bath", capacity_boxes=20)
    tuesday = weekly("08:00", "17:00", weekday=1, pause=("11:30", "13:00", 1800))
    await set_week(tx, provider.id, caregiver.id, [tuesday], actor=SYSTEM)
    assert await roll_out(tx, provider.id, MONDAY, 7, actor=SYSTEM, now=platform.now()) == 1
    shift = (await tx.scalars(select(Shift))).one()
    assert (shift.day, shift.performer_id, shift.district_id) == (date(2026, 3, 3), performer.id, town.districts[0].id)
    assert shift.starts_at == datetime(2026, 3, 3, 0, tzinfo=UTC)  # 08:00 is 00:00 UTC
    assert shift.ends_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert shift.break_from == datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
    assert shift.break_until == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert (shift.break_seconds, shift.capacity_boxes, shift.mode) == (1800, 20, "ebike")
    assert shift.skills == ["bath", "gender:f", "meal", f"provider:{provider.id}"]


async def test_rolling_out_twice_adds_nothing(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    staff = await a_caregiver(platform, tx, provider.id)
    assert await on_shift(platform, tx, staff, days=14) == 14
    assert await roll_out(tx, provider.id, MONDAY, 14, actor=SYSTEM, now=platform.now()) == 0
    assert await roll_out(tx, provider.id, MONDAY, 15, actor=SYSTEM, now=platform.now()) == 1


async def test_two_roll_outs_at_once_make_each_shift_once(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        caregiver, _ = await a_caregiver(platform, tx, provider.id)
        week = [weekly("08:00", "12:00", weekday=day) for day in range(7)]
        await set_week(tx, provider.id, caregiver.id, week, actor=SYSTEM)

    async def roll() -> int:
        async with transaction(platform.db) as tx:
            return await roll_out(tx, provider.id, MONDAY, 7, actor=SYSTEM, now=platform.now())

    assert sorted(await asyncio.gather(roll(), roll(), roll())) == [0, 0, 7]


async def test_an_absence_stays_one_when_the_week_is_rolled_out_again(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    staff = await a_caregiver(platform, tx, provider.id)
    await on_shift(platform, tx, staff, days=1)
    shift = (await tx.scalars(select(Shift))).one()
    await withdraw_shift(tx, shift.id, actor=SYSTEM, now=platform.now(), reason="ill")
    assert await roll_out(tx, provider.id, MONDAY, 1, actor=SYSTEM, now=platform.now()) == 0


async def test_nobody_works_before_her_training_day(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    staff = await a_caregiver(platform, tx, provider.id, trained_on=date(2026, 3, 5))
    assert await on_shift(platform, tx, staff) == 4  # Thursday to Sunday
    assert await tx.scalar(select(col(Shift.day)).order_by(col(Shift.day)).limit(1)) == date(2026, 3, 5)


async def test_the_untrained_get_shifts_once_their_training_is_recorded(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    staff = await a_caregiver(platform, tx, provider.id, trained_on=None)
    assert await on_shift(platform, tx, staff) == 0
    training = TrainingIn(trained_on=MONDAY, skills=["escort"])
    await train(tx, provider.id, staff[0].id, training, actor=SYSTEM, now=platform.now())
    assert await roll_out(tx, provider.id, MONDAY, 7, actor=SYSTEM, now=platform.now()) == 7
    assert all("escort" in skills for skills in await tx.scalars(select(col(Shift.skills))))


async def test_who_leaves_has_her_coming_shifts_withdrawn_and_gets_no_more(
    platform: Platform, tx: AsyncSession
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    staff = await a_caregiver(platform, tx, provider.id)
    await on_shift(platform, tx, staff, days=3)
    await let_go(tx, provider.id, staff[0].id, actor=SYSTEM, now=platform.now(), reason="moved away")
    assert set(await tx.scalars(select(col(Shift.state)))) == {"withdrawn"}
    assert await roll_out(tx, provider.id, MONDAY, 7, actor=SYSTEM, now=platform.now()) == 0
    with pytest.raises(PerformerLeft):
        await let_go(tx, provider.id, staff[0].id, actor=SYSTEM, now=platform.now(), reason="again")


async def test_shifts_are_not_made_for_yesterday(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    with pytest.raises(Impossible):
        await roll_out(tx, provider.id, date(2026, 3, 1), 7, actor=SYSTEM, now=platform.now())


@pytest.mark.parametrize(
    ("week", "pointer"),
    [
        ([weekly("12:00", "08:00")], "/shifts/0/ends"),
        ([weekly("08:00", "12:00"), weekly("11:59", "17:00")], "/shifts"),
        ([weekly("08:00", "12:00", pause=("07:00", "09:00", 600))], "/shifts/0/break_from"),
        ([weekly("08:00", "12:00", pause=("11:00", "11:50", 900))], "/shifts/0/break_from"),
        ([weekly("08:00", "12:00", pause=("10:00", "09:00", 900))], "/shifts/0/break_from"),
        ([weekly("08:00", "12:00", pause=("09:00", "10:00", 0))], "/shifts/0/break_from"),
    ],
)
async def test_an_impossible_week_is_refused_and_the_old_one_stays(
    platform: Platform, tx: AsyncSession, week: list[WeeklyShiftIn], pointer: str
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    caregiver, _ = await a_caregiver(platform, tx, provider.id)
    await set_week(tx, provider.id, caregiver.id, [weekly("09:00", "10:00")], actor=SYSTEM)
    with pytest.raises(Impossible) as refused:
        await set_week(tx, provider.id, caregiver.id, week, actor=SYSTEM)
    assert refused.value.pointer == pointer
    assert [row.starts for row in await week_of(tx, caregiver.id)] == [time(9)]


async def test_shifts_that_touch_do_not_overlap(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    caregiver, _ = await a_caregiver(platform, tx, provider.id)
    await set_week(tx, provider.id, caregiver.id, [weekly("12:00", "17:00"), weekly("08:00", "12:00")], actor=SYSTEM)
    assert await roll_out(tx, provider.id, MONDAY, 7, actor=SYSTEM, now=platform.now()) == 2
