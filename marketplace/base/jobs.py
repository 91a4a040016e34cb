"""Jobs of the base: what every night clears away."""

from datetime import time
from uuid import UUID

from marketplace.base import outbox, timers
from marketplace.base.clock import next_time
from marketplace.base.database import transaction
from marketplace.base.idempotency import forget_answers
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform

ANSWERS_DUE = "answers.due"
THE_PROGRAM = UUID("8c0f4a3e-52d7-5b7e-9d0e-6f1b7a2c4e55")  # whose timer it is; migration 0028 armed the first one
AT = time(3, 0)  # when hardly anybody asks for anything
OUTDATED = "answers.outdated"
PORTION = 1_000  # answers of one transaction


async def answers_due(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """A night has come: see to the next one, and have answers of old requests forgotten."""
    async with transaction(platform.db) as tx:
        await timers.set_timer(tx, ANSWERS_DUE, THE_PROGRAM, next_time(platform.now(), AT))
        await outbox.send(tx, OUTDATED)


async def forget_outdated(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """Forget answers of old requests, by portions; the next message goes on with what there was no time for."""
    is_over = outbox.share_of_lease(platform)
    while True:
        async with transaction(platform.db) as tx:
            forgotten = await forget_answers(tx, limit=PORTION)
            if forgotten < PORTION:
                return
            if is_over():
                await outbox.send(tx, OUTDATED)
                return
