"""Two who want the same rows meet in the worst way every time: a third connection keeps one until both wait."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.base.platform import Platform

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


class Queue:
    """Callers who came to wait for a kept row, one after the other; they go on when the row is given free."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.callers: list[asyncio.Task[Any]] = []

    async def join(self, call: Coroutine[Any, Any, Any]) -> None:
        """Begin the call, and come back once it waits for a lock beside those who came before it."""
        self.callers.append(asyncio.create_task(call))
        async with transaction(self._platform.db) as tx:
            for _ in range(500):
                if await tx.scalar(WAITING) == len(self.callers):
                    return
                await asyncio.sleep(0.01)
                await tx.execute(text("SELECT pg_stat_clear_snapshot()"))
        raise AssertionError("nobody waits: the two do not meet")


@asynccontextmanager
async def kept(platform: Platform, table: str, row: UUID) -> AsyncIterator[Queue]:
    """Keep a row from everybody; it is free when the block ends, and all who waited have their answers."""
    queue = Queue(platform)
    async with transaction(platform.db) as tx:
        await tx.execute(text(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row})
        yield queue
    await asyncio.gather(*queue.callers, return_exceptions=True)


def answers(queue: Queue) -> list[tuple[int, str]]:
    """Status and state, or the code of a refusal, of each who called over HTTP."""
    found: list[tuple[int, str]] = []
    for caller in queue.callers:
        answer = caller.result()
        if isinstance(answer, httpx.Response):
            body = answer.json()
            found.append((answer.status_code, body.get("code") or body["state"]))
    return found
