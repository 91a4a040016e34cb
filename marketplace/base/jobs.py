"""Jobs of the base: what every night clears away."""

import time

from marketplace.base import outbox
from marketplace.base.database import transaction
from marketplace.base.idempotency import forget_answers
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform

OUTDATED = "answers.outdated"
PORTION = 1_000  # answers of one transaction
SHARE_OF_LEASE = 0.3  # well within what a consumer may take, one more portion included


async def forget_outdated(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """A night has come, or the message before had no time left: answers of old requests are forgotten, by portions."""
    until = time.monotonic() + platform.settings.lease_seconds * SHARE_OF_LEASE
    while True:
        async with transaction(platform.db) as tx:
            forgotten = await forget_answers(tx, limit=PORTION)
            if forgotten < PORTION:
                return
            if time.monotonic() >= until:
                await outbox.send(tx, OUTDATED)
                return
