"""Delivering: claim a lease, run the consumer, mark it done; retry with backoff, then lay it with the dead.

A consumer opens its own transactions and acts on the present state of its aggregate, so order and repetition
do not matter. Claims are leases in the row itself: a killed worker's deliveries come due again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.outbox.models import Delivery, Message
from marketplace.base.platform import Platform

log = structlog.get_logger()

Consumer = Callable[[Platform, Message], Awaitable[None]]
Consumers = Mapping[str, tuple[Consumer, ...]]

RETRY_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600, 3600, 3600)
CONCURRENCY = 8


def consumer_name(consumer: Consumer) -> str:
    """`checkout.confirm` for a function of marketplace.checkout: the name that stands in delivery rows."""
    feature = consumer.__module__.removeprefix("marketplace.").split(".")[0]
    return f"{feature}.{getattr(consumer, '__name__', 'consumer')}"


@dataclass(frozen=True, slots=True)
class _Claim:
    delivery_id: UUID
    consumer: str
    attempts: int
    message: Message


async def deliver_due(platform: Platform, consumers: Consumers, *, limit: int = 100) -> int:
    """Deliver what is due, oldest first; returns how many deliveries were tried."""
    return await _deliver(platform, consumers, message_ids=None, limit=limit)


async def deliver_messages(platform: Platform, consumers: Consumers, message_ids: list[UUID]) -> int:
    """Deliver just these messages, if they still wait."""
    return await _deliver(platform, consumers, message_ids=message_ids, limit=1000)


async def _deliver(platform: Platform, consumers: Consumers, *, message_ids: list[UUID] | None, limit: int) -> int:
    claims = await _claim(platform, message_ids=message_ids, limit=limit)
    by_name = {consumer_name(c): c for group in consumers.values() for c in group}
    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(claim: _Claim) -> None:
        async with gate:
            await _run(platform, by_name.get(claim.consumer), claim)

    await asyncio.gather(*(one(claim) for claim in claims))
    return len(claims)


async def _claim(platform: Platform, *, message_ids: list[UUID] | None, limit: int) -> list[_Claim]:
    lease = timedelta(seconds=platform.settings.lease_seconds)
    due = (
        select(col(Delivery.id))
        .where(col(Delivery.state) == "pending", col(Delivery.next_at) <= func.now())
        .order_by(col(Delivery.next_at), col(Delivery.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if message_ids is not None:
        due = due.where(col(Delivery.message_id).in_(message_ids))
    async with transaction(platform.db) as tx:
        claim = (
            update(Delivery)
            .where(col(Delivery.id).in_(due))
            .values(next_at=func.now() + lease, attempts=col(Delivery.attempts) + 1)
            .returning(col(Delivery.id), col(Delivery.consumer), col(Delivery.attempts), col(Delivery.message_id))
            .execution_options(synchronize_session=False)
        )
        rows = (await tx.execute(claim)).all()
        wanted = {row.message_id for row in rows}
        messages = {m.id: m for m in await tx.scalars(select(Message).where(col(Message.id).in_(wanted)))}
    return sorted(
        (_Claim(row.id, row.consumer, row.attempts, messages[row.message_id]) for row in rows),
        key=lambda claim: claim.message.id,
    )


async def _run(platform: Platform, consumer: Consumer | None, claim: _Claim) -> None:
    with structlog.contextvars.bound_contextvars(
        request_id=claim.message.request_id, job_id=str(claim.delivery_id), consumer=claim.consumer
    ):
        try:
            if consumer is None:
                raise LookupError(f"no consumer is called {claim.consumer}")
            async with asyncio.timeout(platform.settings.lease_seconds * 0.9):
                await consumer(platform, claim.message)
        except Exception as error:  # noqa: BLE001 - whatever a consumer raises, its delivery is retried
            await _postpone(platform, claim, error)
        else:
            await _finish(platform, claim)


async def _finish(platform: Platform, claim: _Claim) -> None:
    values: dict[str, Any] = {"state": "done", "done_at": func.now(), "last_error": None}
    async with transaction(platform.db) as tx:
        await tx.execute(update(Delivery).where(col(Delivery.id) == claim.delivery_id).values(values))


async def _postpone(platform: Platform, claim: _Claim, error: Exception) -> None:
    dead = claim.attempts > len(RETRY_SECONDS)
    seconds = RETRY_SECONDS[min(claim.attempts, len(RETRY_SECONDS)) - 1]
    log.warning(
        "delivery failed", message=claim.message.name, attempts=claim.attempts, dead=dead, error=type(error).__name__
    )
    values: dict[str, Any] = {
        "state": "dead" if dead else "pending",
        "next_at": func.now() + timedelta(seconds=seconds),
        # the class and code alone: an error's text might carry something personal
        "last_error": f"{type(error).__name__}: {getattr(error, 'code', '')}".rstrip(": "),
    }
    async with transaction(platform.db) as tx:
        await tx.execute(update(Delivery).where(col(Delivery.id) == claim.delivery_id).values(values))
