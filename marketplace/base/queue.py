"""The queue: arq over Redis or Valkey, as wake-up only. Losing it delays a message by at most a sweep."""

import asyncio
from uuid import UUID

import structlog
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

log = structlog.get_logger()

QUEUE = "liuzhu"
PATIENCE_SECONDS = 0.5


def redis_settings(url: str) -> RedisSettings:
    """arq's settings for a Redis address, with short patience: the sweep is the fallback."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 0
    settings.conn_timeout = 1
    return settings


class Nudger:
    """Tells the worker of new messages after a commit; swallows every failure of the queue."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: ArqRedis | None = None

    async def __call__(self, messages: list[UUID]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if self._pool is None:
                    self._pool = await create_pool(redis_settings(self._url), default_queue_name=QUEUE)
                await self._pool.enqueue_job("deliver", [str(message) for message in messages])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("queue unreachable", error=type(error).__name__)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
