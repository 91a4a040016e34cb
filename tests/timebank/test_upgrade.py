"""A ledger that was written before the newest migration: it is read, proved, exported and written on after it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate
from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town, found_town
from timebank import Capture, Command, Hold, SetLimits, run_cycle
from timebank.export import export_lines
from timebank.proof import prove
from timebank.verify import verify

BEFORE = "0010"
OLD: tuple[Command, ...] = (
    SetLimits("limits", VERA_A, floor=-30, cap=500),
    Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"),
    Hold("h2", BAI_B, 60, NOON + HOUR, "task:2"),
    Capture("c2", "h2", WANG_B, NOON, "visit:2"),
)


@pytest.fixture
async def engine(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncEngine]:
    """A database of the release before, with a town in it, and then migrated."""
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE DATABASE before")
    url = postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0] + "/before"
    await migrate(url, to=BEFORE)
    engine = create_async_engine(url)
    with monkeypatch.context() as patch:
        patch.setattr("timebank.ledger._is_one_transfer", lambda _: False)  # its one door was ledger_apply
        await found_town(engine)
        await Town(engine).do(*OLD)
    await engine.dispose()  # as a new release begins: no plan of the old functions is left
    await asyncio.sleep(0)
    await migrate(url)
    yield engine
    await engine.dispose()
    await connection.execute("DROP DATABASE before WITH (FORCE)")
    await connection.close()


async def test_a_ledger_of_the_release_before_is_proved_exported_repeated_and_written_on(engine: AsyncEngine) -> None:
    town = Town(engine)

    async def sound() -> None:
        async with AsyncSession(engine) as tx:
            assert await prove(tx) == []
            verify([line async for line in export_lines(tx)])

    await sound()
    assert all(one.repeated for one in await town.do(*OLD))
    await town.do(Capture("c1", "h1", VERA_A, NOON, "visit:1"), SetLimits("new", VERA_A, floor=0, cap=90))
    async with town.begin() as tx:
        await run_cycle(tx, "city", unit="minute", on_day=NOON.date(), caps={}, now=NOON)
    assert await town.posted(BAI_B, VERA_A, WANG_B) == [480, 60, 60]
    await sound()
