"""What every test may ask for: a real PostgreSQL, a fresh migrated database, a platform on it.

The server starts once per test process, the schema is built once by the migrations, and each test gets a clone.
"""

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from dispatch.search.cache import is_warm
from marketplace.base import outbox, timers, tokens
from marketplace.base.actor import Actor
from marketplace.base.channels import NoChannel
from marketplace.base.crypto import Vault
from marketplace.base.database import Database, transaction
from marketplace.base.embedded.postgres import Postgres
from marketplace.base.loading import loading
from marketplace.base.platform import Platform
from marketplace.base.policy import load_policy
from marketplace.base.settings import Settings
from tests.databases import a_clone, build
from tests.engines import MovableEngine

MONDAY_NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in the city


def pytest_configure(config: pytest.Config) -> None:
    """Compile the planner's search, once per version and machine, and not within a test's patience. Hear Ctrl-C: what a
    shell starts in the background ignores it, and the programs that tests interrupt would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput") and not is_warm():
        subprocess.run([sys.executable, "-m", "dispatch", "warm-up"], cwd=Path(__file__).parents[1], check=True)


def pytest_collection_finish() -> None:
    """What is loaded now stays: the collector need not look at it again, test after test."""
    gc.freeze()
    gc.set_threshold(20_000)


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = MONDAY_NINE

    def now(self) -> datetime:
        return self.instant

    def set(self, instant: datetime) -> None:
        self.instant = instant


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """This test process's PostgreSQL, fast and not durable."""
    with Postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """The name of a database built by the migrations, to be cloned."""
    asyncio.run(build(postgres, "migrated"))
    return "migrated"


@pytest.fixture
async def database_url(postgres: Postgres, template: str) -> AsyncIterator[str]:
    """A fresh migrated database, as an asyncpg address for SQLAlchemy; dropped after the test."""
    async with a_clone(postgres, template) as address:
        yield address


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a demo instance on the test's database."""
    return Settings(
        database_url=database_url,
        data=tmp_path,
        secret=b"s" * 32,
        master_key=b"m" * 32,
        certificate_key=b"c" * 32,
        public_url="https://liuzhu.example",
        demo=True,
    )


@pytest.fixture
def clock() -> MovableClock:
    """Monday, 2 March 2026, nine in the morning, until a test moves it."""
    return MovableClock()


@pytest.fixture(scope="session")
def movable_engine() -> MovableEngine:
    """This test process's engine."""
    return MovableEngine()


@pytest.fixture
async def engine(movable_engine: MovableEngine, database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's database."""
    async with movable_engine.on(database_url) as engine:
        yield engine


@pytest.fixture
def platform(settings: Settings, engine: AsyncEngine, clock: MovableClock) -> Platform:
    """A process's platform on the test's database and clock, with the real subscription table."""
    from marketplace.subscriptions import CONSUMER_NAMES

    return Platform(
        settings=settings,
        db=Database(engine, consumers=CONSUMER_NAMES),
        clock=clock,
        vault=Vault(b"m" * 32),
        policy=load_policy("taiyuan"),
        channel=NoChannel(),
    )


@pytest.fixture
async def tx(platform: Platform) -> AsyncIterator[AsyncSession]:
    """An open transaction, committed when the test ends well."""
    async with transaction(platform.db) as session:
        yield session


@pytest.fixture(scope="session")
def program() -> Any:
    """The real program, put together once: what differs between tests is the platform in its state."""
    with loading():
        from marketplace.app import create_app

        return create_app(Settings(demo=True))


@pytest.fixture
async def client(platform: Platform, program: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The real program over HTTP in memory, on the test's platform."""
    program.state.platform = platform
    transport = httpx.ASGITransport(app=program)
    async with httpx.AsyncClient(transport=transport, base_url="http://liuzhu.test") as http:
        yield http
    del program.state.platform


@pytest.fixture
def as_(platform: Platform) -> Callable[[Actor], dict[str, str]]:
    """`as_(actor)`: headers with a token for that actor and a fresh idempotency key."""

    def headers(actor: Actor) -> dict[str, str]:
        assert platform.settings.secret is not None
        token = tokens.issue(actor, platform.settings.secret)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, "Accept-Language": "en"}

    return headers


async def _until_quiet(platform: Platform) -> int:
    from marketplace.subscriptions import SUBSCRIPTIONS

    total = 0
    for _ in range(100):
        done = await timers.fire_due(platform) + await outbox.deliver_due(platform, SUBSCRIPTIONS)
        if not done:
            return total
        total += done
    raise AssertionError("the outbox does not come to rest")


@pytest.fixture
def deliver_all() -> Callable[[Platform], Awaitable[int]]:
    """`await deliver_all(platform)`: fire timers and deliver messages until nothing is due."""
    return _until_quiet
