"""Two databases, cloned from the ledger's template; each test founds two cities of its own in them, and a link."""

from collections.abc import AsyncIterator
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from marketplace.base.embedded.postgres import Postgres
from tests.databases import a_clone
from tests.timebank.links.banks import Bank

_numbers = count(1)


@pytest.fixture(scope="module")
async def engines(postgres: Postgres, ledger_template: str) -> AsyncIterator[list[AsyncEngine]]:
    """Of the two databases."""
    async with a_clone(postgres, ledger_template) as first, a_clone(postgres, ledger_template) as second:
        made = [create_async_engine(address, pool_size=2) for address in (first, second)]
        yield made
        for engine in made:
            await engine.dispose()


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
