"""The worker: delivers outbox messages and fires timers.

Two loops run side by side. The sweep reads PostgreSQL every second and needs nothing else; the queue's loop only
makes it quicker, and is started again whenever Redis comes back.
"""

import asyncio
import signal
from typing import Any, cast
from uuid import UUID

import structlog
from arq.worker import Worker, func
from redis.exceptions import RedisError

from marketplace.base import log as logs
from marketplace.base import outbox, timers
from marketplace.base.opening import open_platform
from marketplace.base.platform import Platform
from marketplace.base.queue import QUEUE, Nudger, redis_settings
from marketplace.base.settings import Settings
from marketplace.planning import solver
from marketplace.planning.errors import SolverFailed
from marketplace.subscriptions import CONSUMER_NAMES, SUBSCRIPTIONS

log = structlog.get_logger()

SWEEP_SECONDS = 1.0


async def deliver(context: dict[str, Any], messages: list[str]) -> None:
    """The queue's one job: deliver these messages now."""
    await outbox.deliver_messages(context["platform"], SUBSCRIPTIONS, [UUID(message) for message in messages])


async def sweep_once(platform: Platform) -> int:
    """Fire due timers, then deliver what is due; returns how much there was."""
    fired = await timers.fire_due(platform)
    return fired + await outbox.deliver_due(platform, SUBSCRIPTIONS)


async def sweep(platform: Platform, stop: asyncio.Event) -> None:
    """Sweep every second until `stop`; a failing sweep is logged and tried again."""
    while not stop.is_set():
        busy = 0
        try:
            busy = await sweep_once(platform)
        except Exception as error:
            # whatever fails here (a database that restarts), the sweep lives on
            log.exception("sweep failed", error=type(error).__name__)
        if not busy:
            await _pause(stop, SWEEP_SECONDS)


async def listen(platform: Platform, url: str, stop: asyncio.Event) -> None:
    """Work off the queue until `stop`; when Redis is gone, wait and begin again."""
    while not stop.is_set():
        worker = Worker(
            functions=[func(cast("Any", deliver), name="deliver", keep_result=0, max_tries=1)],
            redis_settings=redis_settings(url),
            queue_name=QUEUE,
            ctx={"platform": platform},
            poll_delay=0.05,
            handle_signals=False,
            max_jobs=4,
        )
        running = asyncio.create_task(worker.main())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if running.done() and (error := running.exception()):
            if not isinstance(error, (RedisError, OSError)):
                log.error("queue loop failed", exc_info=error, error=type(error).__name__)
            else:
                log.warning("queue unreachable", error=type(error).__name__)
        running.cancel()
        await _closed(worker)
        await _pause(stop, SWEEP_SECONDS)


async def prepare() -> None:
    """Have the planner compiled before the first plan is wanted; a plan tries again by itself."""
    try:
        await solver.warm_up()
    except SolverFailed as error:
        log.warning("planner not compiled", error=type(error).__name__)


async def _closed(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError, AttributeError):
        return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def work(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    nudger = Nudger(settings.redis_url) if settings.redis_url else None
    extra: dict[str, Any] = {"nudge": nudger} if nudger else {}
    async with open_platform(settings, consumers=CONSUMER_NAMES, **extra) as platform, asyncio.TaskGroup() as group:
        group.create_task(sweep(platform, stop))
        group.create_task(prepare())
        if settings.redis_url:
            group.create_task(listen(platform, settings.redis_url, stop))
    if nudger:
        await nudger.close()


def main(settings: Settings) -> None:
    """The worker process."""
    logs.configure(settings.log_level)
    asyncio.run(work(settings))
