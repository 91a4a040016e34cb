import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.database import transaction
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.providers.errors import Impossible, NotBookable, OfferWithdrawn
from marketplace.providers.models import Price
from marketplace.providers.offers import offer_for_booking, open_offer, withdraw_offer
from marketplace.providers.prices import in_force, price_in_force, prices_of, publish_price
from marketplace.providers.schemas.offers import OfferIn, PriceIn, Tier, Unit
from marketplace.providers.standing import suspend
from tests.builders import a_town
from tests.marketplace.providers.builders import SYSTEM, a_kitchen, a_price, a_provider, an_offer

APRIL = datetime(2026, 3, 31, 16, tzinfo=UTC)  # 1 April 00:00 in the city
MAY = datetime(2026, 4, 30, 16, tzinfo=UTC)


async def test_a_booking_gets_the_published_price_with_its_version(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, "bath", fen=12_000, minutes=120)
    found = await offer_for_booking(tx, offer.id, "fen", now=platform.now())
    assert (found.amount, found.unit, found.price_version, found.tier) == (12_000, "fen", 1, "paid")
    assert (found.service.code, found.kitchen, found.provider_id) == ("bath", None, provider.id)
    hours = await offer_for_booking(tx, offer.id, "minutes", now=platform.now())
    assert (hours.amount, hours.price_version) == (120, 2)


async def test_a_price_announced_ahead_holds_from_its_instant_on(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, fen=8_000)
    await a_price(platform, tx, offer.id, 9_000, since=APRIL)
    before = await price_in_force(tx, offer.id, "fen", APRIL - timedelta(microseconds=1))
    after = await price_in_force(tx, offer.id, "fen", APRIL)
    assert before is not None
    assert after is not None
    assert (before.amount, after.amount) == (8_000, 9_000)


async def test_of_two_prices_the_one_that_began_last_holds_and_of_equals_the_later_version(
    platform: Platform, tx: AsyncSession
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, fen=8_000)
    await a_price(platform, tx, offer.id, 9_500, since=MAY)
    await a_price(platform, tx, offer.id, 9_000, since=APRIL)
    await a_price(platform, tx, offer.id, 9_100, since=APRIL)
    published = (await prices_of(tx, [offer.id]))[offer.id]
    for at, amount in [(APRIL, 9_100), (MAY, 9_500)]:
        price = await price_in_force(tx, offer.id, "fen", at)
        assert price is not None
        assert price.amount == amount
        assert in_force(published, at) == {price.id}  # the list's rule and the database's are one


async def test_a_published_price_can_neither_be_changed_nor_deleted(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        await an_offer(platform, tx, provider.id)
    for attack in ("UPDATE price SET amount = 1", "DELETE FROM price", "TRUNCATE price CASCADE"):
        with pytest.raises(DBAPIError, match="only grow"):
            async with transaction(platform.db) as tx:
                await tx.execute(text(attack))


async def test_prices_published_at_once_get_versions_in_a_row(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        offer = await an_offer(platform, tx, provider.id, fen=None)

    async def publish(amount: int) -> int:
        async with transaction(platform.db) as tx:
            data = PriceIn(unit="fen", amount=amount)
            return (await publish_price(tx, offer.id, data, actor=SYSTEM, now=platform.now())).version

    assert sorted(await asyncio.gather(*(publish(amount) for amount in (100, 200, 300)))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("tier", "unit", "amount"),
    [
        ("free", "fen", 1),
        ("free", "minutes", 0),
        ("paid", "fen", 0),
        ("low_cost", "minutes", 0),
        ("paid", "minutes", 1441),
    ],
)
async def test_a_price_that_does_not_fit_its_tier_is_refused(
    platform: Platform, tx: AsyncSession, tier: Tier, unit: Unit, amount: int
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, tier=tier, fen=None)
    with pytest.raises(Impossible):
        await a_price(platform, tx, offer.id, amount, unit=unit)


async def test_no_price_is_backdated_or_announced_years_ahead(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id)
    for since in (platform.now() - timedelta(seconds=1), platform.now() + timedelta(days=367)):
        with pytest.raises(Impossible):
            await a_price(platform, tx, offer.id, 100, since=since)


async def test_an_offer_is_not_booked_in_a_unit_without_a_price(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, fen=8_000)
    with pytest.raises(NotBookable) as refused:
        await offer_for_booking(tx, offer.id, "minutes", now=platform.now())
    assert refused.value.data == {"reason": "no_price_in_unit"}


async def test_an_offer_is_not_booked_for_a_day_after_the_licences_last(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0], licence_until=date(2026, 3, 31))
    offer = await an_offer(platform, tx, provider.id)
    await offer_for_booking(tx, offer.id, "fen", now=platform.now(), on=date(2026, 3, 31))
    with pytest.raises(NotBookable):
        await offer_for_booking(tx, offer.id, "fen", now=platform.now(), on=date(2026, 4, 1))


async def test_a_withdrawn_offer_and_a_suspended_providers_are_not_booked(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    gone, other = await an_offer(platform, tx, provider.id), await an_offer(platform, tx, provider.id)
    await withdraw_offer(tx, gone.id, actor=SYSTEM)
    with pytest.raises(NotBookable) as refused:
        await offer_for_booking(tx, gone.id, "fen", now=platform.now())
    assert refused.value.data == {"reason": "offer_withdrawn"}
    with pytest.raises(OfferWithdrawn):
        await a_price(platform, tx, gone.id, 100)
    await suspend(tx, provider.id, actor=SYSTEM, now=platform.now(), reason="complaint upheld")
    with pytest.raises(NotBookable):
        await offer_for_booking(tx, other.id, "fen", now=platform.now())
    with pytest.raises(Unknown):
        await offer_for_booking(tx, new_id(), "fen", now=platform.now())


async def test_a_meal_names_a_kitchen_of_its_own_provider_and_nothing_else_names_one(
    platform: Platform, tx: AsyncSession
) -> None:
    town = await a_town(tx)
    cook = await a_provider(platform, tx, town.districts[0])
    other = await a_provider(platform, tx, town.districts[0])
    kitchen = await a_kitchen(platform, tx, cook.id, town.districts[0])
    offer = await an_offer(platform, tx, cook.id, "meal", fen=1_500, kitchen=kitchen)
    found = await offer_for_booking(tx, offer.id, "fen", now=platform.now())
    assert found.kitchen is not None
    assert found.kitchen.id == kitchen.id
    names = {"name_zh": "午餐", "name_en": "Lunch"}
    without = OfferIn(service="meal", tier="paid", **names)
    bath = OfferIn(service="bath", tier="paid", kitchen_id=kitchen.id, **names)
    foreign = OfferIn(service="meal", tier="paid", kitchen_id=kitchen.id, **names)
    with pytest.raises(Impossible):
        await open_offer(tx, cook.id, without, actor=SYSTEM)
    with pytest.raises(Impossible):
        await open_offer(tx, cook.id, bath, actor=SYSTEM)
    with pytest.raises(Unknown):
        await open_offer(tx, other.id, foreign, actor=SYSTEM)


def test_a_price_to_come_is_in_force_for_nobody_yet() -> None:
    price = Price(offer_id=new_id(), version=1, unit="fen", amount=1, valid_from=MAY, published_at=APRIL)
    assert in_force([price], APRIL) == set()
    assert in_force([price], MAY) == {price.id}
