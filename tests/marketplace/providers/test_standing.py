from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.errors import IllegalTransition
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.providers.credentials import come_due
from marketplace.providers.errors import LicenceMissing, NotServing
from marketplace.providers.models import Credential, Provider
from marketplace.providers.shifts import roll_out
from marketplace.providers.standing import is_bookable, resume, suspend, warn
from tests.builders import a_town
from tests.marketplace.providers.builders import SYSTEM, a_kitchen, a_paper, a_provider

Deliver = Callable[[Platform], Awaitable[int]]
LAST_DAY = date(2026, 3, 31)
MIDNIGHT_AFTER = datetime(2026, 3, 31, 16, tzinfo=UTC)  # 1 April 00:00 in the city


def set_clock(platform: Platform, instant: datetime) -> None:
    platform.clock.set(instant)  # type: ignore[attr-defined]  # the tests' clock moves


async def a_provider_until(platform: Platform, last_day: date) -> Provider:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        return await a_provider(platform, tx, town.districts[0], licence_until=last_day)


async def state_of(platform: Platform, provider: Provider) -> str:
    async with transaction(platform.db) as tx:
        return (await tx.get_one(Provider, provider.id)).state


async def messages(platform: Platform, name: str) -> list[dict[str, str]]:
    async with transaction(platform.db) as tx:
        return [row.ids for row in await tx.scalars(select(Message).where(col(Message.name) == name))]


async def test_a_licence_is_good_on_its_last_day_and_not_on_the_next(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0], licence_until=LAST_DAY)
    assert await is_bookable(tx, provider.id, LAST_DAY)
    assert not await is_bookable(tx, provider.id, date(2026, 4, 1))


async def test_a_provider_lapses_at_midnight_after_its_licences_last_day(
    platform: Platform, deliver_all: Deliver
) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    set_clock(platform, datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC))
    await deliver_all(platform)
    assert await state_of(platform, provider) == "active"
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    assert await state_of(platform, provider) == "lapsed"
    told = await messages(platform, "credential.lapsed")
    assert [(ids["provider_id"], ids["kind"]) for ids in told] == [(str(provider.id), "licence")]


async def test_a_timer_that_comes_twice_tells_of_the_lapse_once(platform: Platform, deliver_all: Deliver) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        paper = (await tx.scalars(select(Credential).where(col(Credential.provider_id) == provider.id))).one()
        await come_due(tx, paper.id, actor=SYSTEM, now=platform.now())
    assert len(await messages(platform, "credential.lapsed")) == 1
    assert await state_of(platform, provider) == "lapsed"


async def test_a_renewed_licence_makes_a_lapsed_provider_active_again(platform: Platform, deliver_all: Deliver) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        await a_paper(platform, tx, provider.id)
        assert await is_bookable(tx, provider.id, date(2026, 4, 1))
    assert await state_of(platform, provider) == "active"


async def test_a_licence_renewed_in_time_is_never_missed(platform: Platform, deliver_all: Deliver) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        await a_paper(platform, tx, provider.id, since=date(2026, 4, 1), until=date(2028, 3, 31))
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    assert await state_of(platform, provider) == "active"
    assert await messages(platform, "credential.lapsed") == []


async def test_a_renewal_that_begins_later_brings_the_provider_back_on_its_first_day(
    platform: Platform, deliver_all: Deliver
) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        await a_paper(platform, tx, provider.id, since=date(2026, 4, 10), until=date(2026, 4, 20))
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    assert await state_of(platform, provider) == "lapsed"
    set_clock(platform, datetime(2026, 4, 9, 16, tzinfo=UTC))  # 10 April 00:00 in the city
    await deliver_all(platform)
    assert await state_of(platform, provider) == "active"
    set_clock(platform, datetime(2026, 4, 20, 16, tzinfo=UTC))  # 21 April 00:00 in the city
    await deliver_all(platform)
    assert await state_of(platform, provider) == "lapsed"


async def test_a_warning_outlives_a_lapse(platform: Platform, deliver_all: Deliver) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        await warn(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="late three times")
        assert await is_bookable(tx, provider.id, LAST_DAY)
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        await a_paper(platform, tx, provider.id)
    assert await state_of(platform, provider) == "warned"


async def test_a_lapsed_food_licence_stops_meals_and_nothing_else(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    assert not await is_bookable(tx, provider.id, LAST_DAY, service="meal")
    await a_kitchen(platform, tx, provider.id, town.districts[0])  # with a food licence for two years
    assert await is_bookable(tx, provider.id, LAST_DAY, service="meal")
    assert await is_bookable(tx, provider.id, date(2028, 3, 1), service="meal")
    assert not await is_bookable(tx, provider.id, date(2028, 3, 2), service="meal")


async def test_a_suspended_provider_is_not_bookable_until_it_is_resumed(platform: Platform) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        await suspend(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="complaint upheld")
        assert not await is_bookable(tx, provider.id, LAST_DAY)
        with pytest.raises(NotServing):
            await roll_out(tx, provider.id, date(2026, 3, 3), 7, actor=SYSTEM, now=platform.now())
    assert await messages(platform, "provider.suspended") == [{"provider_id": str(provider.id)}]
    async with transaction(platform.db) as tx:
        await resume(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="remedied")
        assert await is_bookable(tx, provider.id, LAST_DAY)


async def test_a_suspended_provider_does_not_come_back_by_renewing_its_licence(
    platform: Platform, deliver_all: Deliver
) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        await suspend(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="complaint upheld")
    set_clock(platform, MIDNIGHT_AFTER)
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        with pytest.raises(LicenceMissing):
            await resume(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="remedied")
        await a_paper(platform, tx, provider.id)
    assert await state_of(platform, provider) == "suspended"


async def test_an_active_provider_has_nothing_to_be_resumed_from(platform: Platform) -> None:
    provider = await a_provider_until(platform, LAST_DAY)
    async with transaction(platform.db) as tx:
        with pytest.raises(IllegalTransition):
            await resume(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="nothing")
