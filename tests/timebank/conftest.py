"""Databases for the ledger's tests: the schema built by the migrations, a clone per test."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.databases import a_clone, build, clone
from tests.timebank.town import Town, found_town

LEDGER_REVISION = "0023"  # the newest that changes the ledger


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The ledger's tables without a row."""
    asyncio.run(build(postgres, "ledger_migrated", to=LEDGER_REVISION))
    return "ledger_migrated"


@pytest.fixture(scope="session")
def ledger_template(postgres: Postgres, migrated: str) -> str:
    async def with_a_town() -> None:
        engine = create_async_engine(await clone(postgres, migrated, "ledger_template"))
        await found_town(engine)
        await engine.dispose()

    asyncio.run(with_a_town())
    return "ledger_template"


@pytest.fixture
async def database_url(postgres: Postgres, ledger_template: str) -> AsyncIterator[str]:
    async with a_clone(postgres, ledger_template) as address:
        yield address


@pytest.fixture
async def tx(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session
        await session.rollback()


@pytest.fixture
def town(engine: AsyncEngine) -> Town:
    """The small city that the template holds: branches A and B, members, pools, 600 minutes granted to Bai in B."""
    return Town(engine)
