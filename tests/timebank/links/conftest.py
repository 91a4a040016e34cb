"""Two databases, cloned from the ledger's template; each test founds two cities of its own in them, and a link."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.timebank.links.banks import Bank

_numbers = count(1)


@pytest.fixture(scope="module")
async def engines(postgres: Postgres, ledger_template: str) -> AsyncIterator[list[AsyncEngine]]:
    """Of the two databases."""
    connection = await asyncpg.connect(postgres.url)
    async with AsyncExitStack() as stack:
        made: list[AsyncEngine] = []
        for _ in range(2):
            name = f"bank_{uuid4().hex}"
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {ledger_template} STRATEGY FILE_COPY")
            stack.push_async_callback(connection.execute, f"DROP DATABASE {name} WITH (FORCE)")
            address = postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0]
            made.append(create_async_engine(f"{address}/{name}", pool_size=2))
            stack.push_async_callback(made[-1].dispose)
        yield made
    await connection.close()


@pytest.fixture
async def banks(engines: list[AsyncEngine]) -> tuple[Bank, Bank]:
    """The banks of `east` and `west`: west may owe east 300, east may owe west 200."""
    city, link = f"city{next(_numbers)}", uuid4()
    east = Bank(engines[0], city, "east", "west", link)
    west = Bank(engines[1], city, "west", "east", link)
    for bank in (east, west):
        await bank.found()
    await east.open(ours=300, theirs=200)
    await west.open(ours=200, theirs=300)
    return east, west
