"""Who asks for tasks; and databases of older releases, for the tests that bring one up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import httpx
import pytest

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate
from marketplace.base.platform import Platform
from tests.marketplace.hours.asking import Asking, an_asking
from tests.marketplace.hours.calling import Caller, Headers


@dataclass(frozen=True, slots=True)
class OlderDatabase:
    """A database at an old revision, with a connection to write rows into it as that release did."""

    url: str
    connection: asyncpg.Connection

    async def upgrade(self) -> None:
        """Bring it to the newest revision, as a new release does when it starts."""
        await migrate(self.url)


OlderDatabases = Callable[[str], Awaitable[OlderDatabase]]


@pytest.fixture
async def older_database(postgres: Postgres) -> AsyncIterator[OlderDatabases]:
    """`await older_database("0016")`: an empty database at that revision; dropped after the test."""
    server = await asyncpg.connect(postgres.url)
    async with AsyncExitStack() as ending:
        ending.push_async_callback(server.close)

        async def make(revision: str) -> OlderDatabase:
            name = f"at_{revision}_{uuid4().hex}"
            await server.execute(f"CREATE DATABASE {name}")
            ending.push_async_callback(server.execute, f"DROP DATABASE {name} WITH (FORCE)")
            plain = f"{postgres.url.rsplit('/', 1)[0]}/{name}"
            url = plain.replace("postgresql://", "postgresql+asyncpg://", 1)
            await migrate(url, to=revision)
            connection = await asyncpg.connect(plain)
            ending.push_async_callback(connection.close)
            return OlderDatabase(url, connection)

        yield make


@pytest.fixture
async def asking(platform: Platform) -> Asking:
    """An elder with hours, a task, and who asks for more."""
    return await an_asking(platform)


@pytest.fixture
def caller(client: httpx.AsyncClient, as_: Headers) -> Caller:
    """Whoever calls the program, one after the other."""
    return Caller(client, as_)
