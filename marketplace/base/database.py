"""The database and the one place that commits.

`transaction()` is the unit of work of a request or a job; services flush and never commit. `record()` is the one
exception, for what must survive an error: it writes in its own short transaction.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import Field

Nudge = Callable[[list[UUID]], Awaitable[None]]

RETRYABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock


async def no_nudge(_messages: list[UUID]) -> None:
    """For processes without a queue: the sweep finds the messages."""


def open_engine(url: str) -> AsyncEngine:
    """The engine of one process; it connects when it is first used."""
    return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)


class Database:
    """An engine with the table of consumers that `outbox.send` needs and the nudge that follows a commit."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        consumers: Mapping[str, tuple[str, ...]] | None = None,
        nudge: Nudge = no_nudge,
    ) -> None:
        self.consumers = consumers or {}
        self.nudge = nudge
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    def session(self) -> AsyncSession:
        return self._sessions(info={"consumers": self.consumers, "sent": []})

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def transaction(db: Database) -> AsyncIterator[AsyncSession]:
    """Begin, yield, commit; roll back on any error. After the commit the queue is nudged, whatever becomes of it."""
    async with db.session() as tx:
        async with tx.begin():
            yield tx
        sent: list[UUID] = tx.info["sent"]
    if sent:
        await db.nudge(sent)


@asynccontextmanager
async def record(db: Database) -> AsyncIterator[AsyncSession]:
    """A short transaction of its own for what must survive the caller's error: denied access, failed codes."""
    async with db.session() as tx, tx.begin():
        yield tx


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-letter code of an error, or None."""
    return getattr(error.orig, "sqlstate", None)


def instant(**options: Any) -> Any:
    """A column of aware instants (`timestamptz`)."""
    return Field(sa_type=DateTime(timezone=True), **options)
