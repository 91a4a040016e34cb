"""Databases on the server of this test process: built once by the migrations, then cloned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate

_COPY = "CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"


def address_of(postgres: Postgres, name: str) -> str:
    """A database of the server, as an asyncpg address for SQLAlchemy."""
    return postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0] + f"/{name}"


async def build(postgres: Postgres, name: str, *, to: str = "head") -> str:
    """Make a database by the migrations, up to a revision; its address."""
    async with _server(postgres) as server:
        await server.execute(f"CREATE DATABASE {name}")
    await migrate(address_of(postgres, name), to=to)
    return address_of(postgres, name)


async def clone(postgres: Postgres, template: str, name: str) -> str:
    """Copy a database to which nobody is connected; the copy's address."""
    async with _server(postgres) as server:
        await server.execute(_COPY.format(name=name, template=template))
    return address_of(postgres, name)


@asynccontextmanager
async def a_clone(postgres: Postgres, template: str) -> AsyncIterator[str]:
    """The address of a copy under a name of its own, which is dropped with the block."""
    name = f"test_{uuid4().hex}"
    async with _server(postgres) as server:  # one connection for both: there is a clone per test
        await server.execute(_COPY.format(name=name, template=template))
        try:
            yield address_of(postgres, name)
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _server(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url)
    try:
        yield connection
    finally:
        await connection.close()
