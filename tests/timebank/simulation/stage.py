"""Where histories are played: a PostgreSQL with a founded city as a template, and a fresh database for each history."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg

from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate
from tests.timebank.simulation.course import found
from tests.timebank.simulation.world import World, with_driver

TEMPLATE = "simulation_template"


class Stage:
    """Gives worlds on fresh databases of one server."""

    def __init__(self, server: Postgres) -> None:
        self.server = server

    def named(self, database: str) -> str:
        """The address of a database of the server as it runs now."""
        return self.server.url.rsplit("/", 1)[0] + f"/{database}"

    def restart(self) -> None:
        """Kill -9 of the whole server, and its start."""
        self.server.kill()
        self.server.start()

    async def execute(self, statement: str) -> None:
        """One statement outside of any history's database."""
        connection = await asyncpg.connect(self.server.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def build(self, template: str | None = None) -> None:
        """Make the template: migrated (or cloned from a migrated one) and founded."""
        await self.execute(f"CREATE DATABASE {TEMPLATE}" + (f" TEMPLATE {template}" if template else ""))
        if template is None:
            await migrate(with_driver(self.named(TEMPLATE)))
        async with World(lambda: self.named(TEMPLATE)) as world:
            await found(world)

    @asynccontextmanager
    async def world(self, *, sql: str = "") -> AsyncIterator[World]:
        """A founded city of its own, dropped at the end. `sql` is run in it first: to plant a fault."""
        name = f"simulation_{uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        async with World(lambda: self.named(name), self.restart) as world:
            if sql:
                await world.eye.execute(sql)
            yield world
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def stage(data: Path) -> Iterator[Stage]:
    """A stage on a durable server of its own: what was acknowledged must survive its kill -9."""
    with Postgres(data) as server:
        standing = Stage(server)
        asyncio.run(standing.build())
        yield standing
