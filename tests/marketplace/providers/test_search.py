from datetime import UTC, datetime, time
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.platform import Platform
from marketplace.catalogue.service import ServiceCode, service_by_code
from marketplace.providers.errors import Impossible
from marketplace.providers.search import SORTS, Cursor, Wish, find_hits, read_cursor, write_cursor
from marketplace.providers.standing import add_rating, suspend, warn
from marketplace.web.schemas import LonLat
from tests.builders import Town, a_town
from tests.marketplace.providers.builders import (
    SYSTEM,
    a_caregiver,
    a_kitchen,
    a_price,
    a_provider,
    an_offer,
    on_shift,
)

TEN = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday 10:00 in the city
MIDDLE = LonLat(lon=8.68, lat=49.40)  # of the first district


class Searcher:
    """Asks from the middle of the first district."""

    def __init__(self, platform: Platform, tx: AsyncSession) -> None:
        self.platform, self.tx = platform, tx

    async def __call__(self, service: ServiceCode = "cleaning", **more: object) -> list[object]:
        row = await service_by_code(self.tx, service)
        wish = Wish(**({"service": row, "lon": MIDDLE.lon, "lat": MIDDLE.lat} | more))  # type: ignore[arg-type]
        hits = await find_hits(self.tx, wish, now=self.platform.now(), rules=self.platform.policy.rating)
        return [hit.offer_id for hit in hits]


@pytest.fixture
def search(platform: Platform, tx: AsyncSession) -> Searcher:
    return Searcher(platform, tx)


async def test_a_tenth_of_a_degree_north_is_11_120_metres_away(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0], at=LonLat(lon=8.68, lat=49.50))
    await an_offer(platform, tx, provider.id)
    wish = Wish(service=await service_by_code(tx, "cleaning"), lon=MIDDLE.lon, lat=MIDDLE.lat)
    (hit,) = await find_hits(tx, wish, now=platform.now(), rules=platform.policy.rating)
    assert hit.distance_metres == pytest.approx(11_119.5, abs=0.5)  # π / 1800 × 6,371,008.8 m


async def three_offers(platform: Platform, tx: AsyncSession) -> tuple[Town, list[object]]:
    """Near and dear, middling, far and cheap with the best rating."""
    town = await a_town(tx)
    offers: list[object] = []
    for north, fen, stars in [(0.00, 9_000, 3), (0.01, 8_000, 4), (0.02, 7_000, 5)]:
        at = LonLat(lon=MIDDLE.lon, lat=MIDDLE.lat + north)
        provider = await a_provider(platform, tx, town.districts[0], at=at)
        await add_rating(tx, provider.id, stars)
        offers.append((await an_offer(platform, tx, provider.id, fen=fen)).id)
    return town, offers


async def test_hits_come_by_distance_price_or_rating(platform: Platform, tx: AsyncSession, search: Searcher) -> None:
    _, (near, middling, far) = await three_offers(platform, tx)
    assert await search(sort="distance") == [near, middling, far]
    assert await search(sort="price") == [far, middling, near]
    assert await search(sort="rating") == [far, middling, near]
    assert await search(max_price_fen=8_000) == [middling, far]


async def test_pages_of_one_are_the_whole_in_its_order(platform: Platform, tx: AsyncSession) -> None:
    town, _ = await three_offers(platform, tx)
    service = await service_by_code(tx, "cleaning")
    twin = await a_provider(platform, tx, town.districts[0], at=MIDDLE)
    await an_offer(platform, tx, twin.id, fen=9_000)  # the same key as the first in every order but rating
    for sort in SORTS:
        whole = Wish(service=service, lon=MIDDLE.lon, lat=MIDDLE.lat, sort=sort)
        expected = await find_hits(tx, whole, now=platform.now(), rules=platform.policy.rating)
        seen, after = [], None
        while True:
            page = Wish(service=service, lon=MIDDLE.lon, lat=MIDDLE.lat, sort=sort, after=after, limit=1)
            hits = await find_hits(tx, page, now=platform.now(), rules=platform.policy.rating)
            if not hits:
                break
            seen.append(hits[0].offer_id)
            after = read_cursor(sort, write_cursor(sort, Cursor(hits[0].sort_key, hits[0].offer_id)))
        assert seen == [hit.offer_id for hit in expected]
        assert len(seen) == 4


async def test_the_price_searched_is_the_one_in_force(platform: Platform, tx: AsyncSession, search: Searcher) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, fen=8_000)
    await a_price(platform, tx, offer.id, 5_000, since=datetime(2026, 4, 1, tzinfo=UTC))
    assert await search(max_price_fen=7_999) == []
    assert await search(max_price_fen=8_000) == [offer.id]


async def test_an_offer_without_a_price_in_force_is_no_hit_and_one_for_hours_comes_last_by_price(
    platform: Platform, tx: AsyncSession, search: Searcher
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    unpriced = await an_offer(platform, tx, provider.id, fen=None)
    await a_price(platform, tx, unpriced.id, 5_000, since=datetime(2026, 4, 1, tzinfo=UTC))
    hours = await an_offer(platform, tx, provider.id, fen=None, minutes=90)
    money = await an_offer(platform, tx, provider.id, fen=100_000)
    assert await search(sort="price") == [money.id, hours.id]


async def test_only_providers_that_may_serve_are_found(platform: Platform, tx: AsyncSession, search: Searcher) -> None:
    town = await a_town(tx)
    good, warned, bad = [await a_provider(platform, tx, town.districts[0]) for _ in range(3)]
    offers = [(await an_offer(platform, tx, provider.id)).id for provider in (good, warned, bad)]
    await warn(tx, warned.id, actor=SYSTEM, now=platform.now(), reason="late")
    await suspend(tx, bad.id, actor=SYSTEM, now=platform.now(), reason="complaint upheld")
    assert set(await search()) == set(offers[:2])


async def test_at_a_time_only_who_is_on_shift_for_the_whole_service_is_found(
    platform: Platform, tx: AsyncSession, search: Searcher
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id)
    assert await search(at=TEN) == []
    staff = await a_caregiver(platform, tx, provider.id, "cleaning")
    await on_shift(platform, tx, staff, starts=time(8), ends=time(11, 30), days=1)
    assert await search(at=TEN) == [offer.id]  # 10:00 + 90 minutes = 11:30
    assert await search(at=datetime(2026, 3, 2, 2, 1, tzinfo=UTC)) == []
    assert await search(at=datetime(2026, 3, 3, 2, tzinfo=UTC)) == []  # nobody works on Tuesday


async def test_a_bath_needs_two_people_of_the_elders_gender_on_shift(
    platform: Platform, tx: AsyncSession, search: Searcher
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id, "bath")
    await on_shift(platform, tx, await a_caregiver(platform, tx, provider.id, "bath", gender="f"))
    await on_shift(platform, tx, await a_caregiver(platform, tx, provider.id, "bath", gender="m"))
    assert await search("bath", at=TEN) == [offer.id]
    assert await search("bath", at=TEN, gender="f") == []
    await on_shift(platform, tx, await a_caregiver(platform, tx, provider.id, "bath", gender="f"))
    assert await search("bath", at=TEN, gender="f") == [offer.id]


async def test_for_an_elder_only_providers_with_people_in_her_district_are_found(
    platform: Platform, tx: AsyncSession, search: Searcher
) -> None:
    town = await a_town(tx)
    provider = await a_provider(platform, tx, town.districts[0])
    offer = await an_offer(platform, tx, provider.id)
    assert await search(district_id=town.districts[0].id) == [offer.id]
    assert await search(district_id=town.districts[1].id) == []


async def test_a_meal_is_found_where_its_kitchen_serves_and_cooks_and_a_rider_is_on_shift(
    platform: Platform, tx: AsyncSession, search: Searcher
) -> None:
    town = await a_town(tx)
    here, there = town.districts
    cook = await a_provider(platform, tx, here)
    kitchen = await a_kitchen(platform, tx, cook.id, here, lunch=100, dinner=0)
    offer = await an_offer(platform, tx, cook.id, "meal", fen=1_500, kitchen=kitchen)
    noon, evening = datetime(2026, 3, 2, 4, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert await search("meal", district_id=here.id) == [offer.id]
    assert await search("meal", district_id=there.id) == []
    assert await search("meal", district_id=here.id, at=noon) == []
    other = await a_provider(platform, tx, here)
    rider = await a_caregiver(platform, tx, other.id, "meal", capacity_boxes=20)
    await on_shift(platform, tx, rider, ends=time(20))
    assert await search("meal", district_id=here.id, at=noon) == [offer.id]
    assert await search("meal", at=noon) == [offer.id]
    assert await search("meal", district_id=here.id, at=evening) == []  # no dinner is cooked


@pytest.mark.parametrize(
    "word",
    [
        "",
        "x",
        "é",
        "bnVsbA==",
        "W10=",
        write_cursor("price", Cursor(1.0, UUID(int=1))),
        "WyJkaXN0YW5jZSIsIE5hTiwgIjAiXQ==",
        "WyJkaXN0YW5jZSIsIDEsICJub3QgYW4gaWQiXQ==",
    ],
)
def test_a_word_that_is_no_cursor_of_this_search_is_refused(word: str) -> None:
    with pytest.raises(Impossible):
        read_cursor("distance", word)
