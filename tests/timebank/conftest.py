"""Databases for the ledger's tests: the schema built by the migrations, a clone per test."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate
from tests.timebank.town import Town, found_town

LEDGER_REVISION = "0023"  # the newest that changes the ledger


def _named(url: str, name: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The ledger's tables without a row."""

    async def build() -> None:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("CREATE DATABASE ledger_migrated")
        await connection.close()
        await migrate(_named(postgres.url, "ledger_migrated"), to=LEDGER_REVISION)

    asyncio.run(build())
    return "ledger_migrated"


@pytest.fixture(scope="session")
def ledger_template(postgres: Postgres, migrated: str) -> str:
    async def build() -> None:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute(f"CREATE DATABASE ledger_template TEMPLATE {migrated} STRATEGY FILE_COPY")
        await connection.close()
        engine = create_async_engine(_named(postgres.url, "ledger_template"))
        await found_town(engine)
        await engine.dispose()

    asyncio.run(build())
    return "ledger_template"


@pytest.fixture
async def database_url(postgres: Postgres, ledger_template: str) -> AsyncIterator[str]:
    name = f"ledger_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {ledger_template} STRATEGY FILE_COPY")
    yield _named(postgres.url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def tx(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session
        await session.rollback()


@pytest.fixture
def town(engine: AsyncEngine) -> Town:
    """The small city that the template holds: branches A and B, members, pools, 600 minutes granted to Bai in B."""
    return Town(engine)
