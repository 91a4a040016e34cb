"""A bank or a pair of banks per file of tests: databases are dear. Each test has a link and members of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from marketplace.base.channels import NoChannel
from marketplace.base.crypto import Vault
from marketplace.base.database import Database, open_engine, transaction
from marketplace.base.embedded.postgres import Postgres
from marketplace.base.platform import Platform
from marketplace.base.policy import load_policy
from marketplace.base.settings import Settings
from marketplace.subscriptions import CONSUMER_NAMES
from tests.conftest import MovableClock
from tests.databases import a_clone
from tests.marketplace.hours.builders import Bank, a_bank
from tests.marketplace.hours.links.cuts import line_between
from tests.marketplace.hours.links.instances import a_side, agree, free_port, nursery
from tests.marketplace.hours.links.partners import Scene, a_scene
from tests.marketplace.hours.links.world import World


@pytest.fixture(scope="module")
async def city(postgres: Postgres, template: str) -> AsyncIterator[tuple[Platform, Bank]]:
    """The bank under test, at Monday nine."""
    async with a_clone(postgres, template) as url:
        database = Database(open_engine(url), consumers=CONSUMER_NAMES)
        settings = Settings(
            database_url=url,
            data=Path("unused"),
            secret=b"s" * 32,
            master_key=b"m" * 32,
            demo=True,
            link_networks="127.0.0.0/8",
            link_seconds=2.0,
        )
        platform = Platform(settings, database, MovableClock(), Vault(b"m" * 32), load_policy("taiyuan"), NoChannel())
        async with transaction(database) as tx:
            bank = await a_bank(platform, tx)
        yield platform, bank
        for part in platform.parts.values():
            await part.aclose()
        await database.close()


@pytest.fixture
async def scene(city: tuple[Platform, Bank], program: Any) -> AsyncIterator[Scene]:
    """An open link whose partner may owe us 600 and lets us owe 300; the real program over HTTP in memory."""
    platform, bank = city
    program.state.platform = platform
    transport = httpx.ASGITransport(app=program)
    async with httpx.AsyncClient(transport=transport, base_url="http://liuzhu.test") as http:
        yield await a_scene(platform, http, bank)
    del program.state.platform


@pytest.fixture(scope="module")
async def world(postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Two banks that have opened their link, for a file of tests; each test pays another amount."""
    names = ("east", "west")
    ports = {name: free_port() for name in names}
    async with (
        nursery() as forking,
        line_between(ports, names) as line,
        a_clone(postgres, template) as first,
        a_clone(postgres, template) as second,
        a_side("east", forking, first, tmp_path_factory.mktemp("east"), ports["east"]) as east,
        a_side("west", forking, second, tmp_path_factory.mktemp("west"), ports["west"]) as west,
    ):
        await agree(east, west, line.urls)
        yield World(line, {"east": east, "west": west})
