"""Waiting for rest: nothing to deliver, no timer due, no webhook on its way. Polled, never slept through."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from marketplace.base import timers
from marketplace.base.database import transaction
from marketplace.base.platform import Platform

LOOK_SECONDS = 0.05
_WAITING = text(
    "SELECT (SELECT count(*) FROM delivery WHERE state = 'pending')"
    " + (SELECT count(*) FROM timer WHERE fired_at IS NULL AND due_at <= :now)"
)
_CONSUMERS = text(
    "SELECT consumer || coalesce(' (' || last_error || ')', '') AS who, count(*) AS times FROM delivery"
    " WHERE state = 'pending' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
)

OnTheWay = Callable[[], Awaitable[int]]


class NoRest(Exception):
    """The outbox did not come to rest in time; the text says what still waits."""


async def nothing_on_the_way() -> int:
    """For an instance whose payment provider cannot be asked."""
    return 0


async def rest(platform: Platform, *, seconds: float = 180.0, on_the_way: OnTheWay = nothing_on_the_way) -> None:
    """Return once all is at rest; `NoRest` after so many seconds of wall time.

    `on_the_way` counts the webhooks that the payment provider has still to deliver: it is asked last, and the
    database once more after it, because a webhook that has just arrived is a message again. Timers that have come
    due are fired from here as well: who moves the clock need not wait for a worker's next look.
    """
    ends_at = time.monotonic() + seconds
    while True:
        await timers.fire_due(platform)
        if await _waiting(platform) == 0 and await on_the_way() == 0 and await _waiting(platform) == 0:
            return
        if time.monotonic() >= ends_at:
            raise NoRest(await _told(platform))
        await asyncio.sleep(LOOK_SECONDS)


async def _waiting(platform: Platform) -> int:
    async with transaction(platform.db) as tx:
        return int(await tx.scalar(_WAITING, {"now": platform.now()}) or 0)


async def _told(platform: Platform) -> str:
    async with transaction(platform.db) as tx:
        rows = (await tx.execute(_CONSUMERS)).all()
    return ", ".join(f"{row.times} for {row.who}" for row in rows) or "timers or webhooks"
