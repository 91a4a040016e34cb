import asyncio

import pytest
from sqlalchemy import text

from marketplace.base import locks
from marketplace.base.database import transaction
from marketplace.base.platform import Platform

SOONER = 0.2  # seconds in which nobody who has to wait may come through


@pytest.mark.parametrize(
    ("name", "seed", "as_older_processes_take_it"),
    [
        ("key-elders:d1", locks.HOURS, "hashtextextended('key-elders:d1', 7216)"),
        ("student:a0ff", locks.HOURS, "hashtextextended('student:' || 'a0ff', 7216)"),
        ("bank import", 0, "hashtextextended('bank import', 0)"),
        ("legal person 91140100X", 0, "hashtextextended('legal person 91140100X', 0)"),
    ],
)
async def test_a_name_keeps_the_key_that_older_processes_take(
    platform: Platform, name: str, seed: int, as_older_processes_take_it: str
) -> None:
    async with transaction(platform.db) as held, transaction(platform.db) as older:
        await locks.wait_for(held, name, seed=seed)
        free = text(f"SELECT pg_try_advisory_xact_lock({as_older_processes_take_it})")
        assert await older.scalar(free) is False


async def test_the_second_to_want_a_name_waits_for_the_first_and_other_names_are_free(platform: Platform) -> None:
    came: list[str] = []

    async def second() -> None:
        async with transaction(platform.db) as tx:
            await locks.wait_for(tx, "one")
            came.append("second")

    async with transaction(platform.db) as first:
        await locks.wait_for(first, "one")
        async with transaction(platform.db) as other:
            await locks.wait_for(other, "two")
            await locks.wait_for(other, "one", seed=locks.HOURS)
        waiting = asyncio.create_task(second())
        await asyncio.wait([waiting], timeout=SOONER)
        assert came == []
    await asyncio.wait_for(waiting, timeout=10)
    assert came == ["second"]
