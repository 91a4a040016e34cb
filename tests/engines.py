"""One engine per test process: its connections go to the database of the test that runs.

SQLAlchemy keeps with an engine what it has compiled. With an engine per test, compiling the same statements again took
half of a test's time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class MovableEngine:
    """An engine that one database after the other is used through."""

    def __init__(self) -> None:
        self._url: str | None = None
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=16,
            pool_pre_ping=True,
            query_cache_size=5000,  # more than all tests' statements
        )

    async def _connect(self) -> asyncpg.Connection:
        assert self._url is not None, "no test has a database now"
        return await asyncpg.connect(self._url)

    @asynccontextmanager
    async def on(self, url: str) -> AsyncIterator[AsyncEngine]:
        """The engine on that database (an address for SQLAlchemy), all connections closed at the end."""
        assert self._url is None, f"still on {self._url}"
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        yield self._engine
        await self._engine.dispose()
        self._url = None
