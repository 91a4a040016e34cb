"""The servers die or forget under load: what was acknowledged stays, what was sent arrives."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.embedded import Postgres
from marketplace.demo.callers import Caller, Exchange, Refused
from marketplace.up.proving import prove_books
from tests.running import City, running_city

BOOKINGS = 24


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of this module's own, on a durable PostgreSQL."""
    with running_city(tmp_path_factory.mktemp("city"), durable=True) as running:
        yield running


async def book(city: City, family: Caller, day: int) -> str:
    """A lunch; returns the id of a booking that the API acknowledged. Every step may be repeated with its key."""
    elder = (await family.get("/v1/elders"))["elders"][0]
    hit = (await family.get("/v1/search", service="meal", elder_id=elder["id"], tier="paid"))["hits"][0]
    wanted = (city.today + timedelta(days=day)).isoformat()
    asked = {"offer_id": hit["offer_id"], "elder_id": elder["id"], "day": wanted, "sitting": "lunch"}
    quote = await family.post("/v1/quotes", asked, key=uuid4().hex)
    body = {"quote_id": quote["id"], "payment_method": "pm_card_visa"}
    booking = await family.post("/v1/bookings", body, key=uuid4().hex)
    return str(booking["id"])


async def book_until_enough(city: City, line: Exchange, acknowledged: list[str]) -> None:
    """Families book at the same time; whoever meets a broken server tries again."""
    families = [line.caller(one.person.phone) for one in line.cast.families]

    async def one(number: int) -> None:
        for _attempt in range(60):
            try:
                acknowledged.append(await book(city, families[number], day=1 + number % 3))
            except (httpx.HTTPError, Refused):
                await asyncio.sleep(0.5)
            else:
                return
        raise AssertionError("the API did not come back")

    await asyncio.gather(*(one(number) for number in range(BOOKINGS)))


@contextmanager
def watched(city: City) -> Iterator[None]:
    """The supervisor looks after its servers, as it does under `./run`."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            city.running.supervisor.look()

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


async def states(city: City, bookings: list[str]) -> dict[str, int]:
    query = text("SELECT state, count(*) AS times FROM booking WHERE id = ANY(CAST(:ids AS uuid[])) GROUP BY state")
    async with city.platform() as platform, transaction(platform.db) as tx:
        return {row.state: row.times for row in await tx.execute(query, {"ids": bookings})}


async def test_forgetting_everything_in_valkey_under_load_loses_no_effect(city: City) -> None:
    acknowledged: list[str] = []
    over = asyncio.Event()

    async def forget() -> int:
        assert city.running.settings.redis_url is not None
        times = 0
        async with Redis.from_url(city.running.settings.redis_url) as queue:
            while not over.is_set():
                await queue.flushall()
                times += 1
                await asyncio.sleep(0.05)
        return times

    async with city.people() as line:
        forgetting = asyncio.create_task(forget())
        await book_until_enough(city, line, acknowledged)
        await city.rest()
        over.set()
        assert await forgetting > 5
    assert await states(city, acknowledged) == {"confirmed": BOOKINGS}


async def test_killing_postgresql_under_load_loses_no_acknowledged_booking(city: City) -> None:
    acknowledged: list[str] = []
    with watched(city):
        async with city.people() as line:
            booking = asyncio.create_task(book_until_enough(city, line, acknowledged))
            async with asyncio.timeout(60):
                while len(acknowledged) < BOOKINGS // 4:  # noqa: ASYNC110 - the list fills from several tasks
                    await asyncio.sleep(0.02)
            _postgres(city).kill()
            await booking
        await settled(city)
    assert len(acknowledged) == BOOKINGS
    assert await states(city, acknowledged) == {"confirmed": BOOKINGS}
    async with city.platform() as platform:
        assert await prove_books(platform) == []


def _postgres(city: City) -> Postgres:
    parts: list[Any] = city.running.supervisor._parts
    return next(part[1] for part in parts if isinstance(part, tuple) and isinstance(part[1], Postgres))


async def settled(city: City) -> None:
    """Rest, however often the connection breaks on the way."""
    for _attempt in range(20):
        try:
            await city.rest()
        except OSError:
            await asyncio.sleep(0.5)
        else:
            return
    raise AssertionError("the city does not come to rest")
