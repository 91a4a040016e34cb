"""Sending: insert the message and a delivery row per consumer, in the caller's transaction."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.outbox.models import Delivery, Message


class UnknownMessage(LookupError):
    """A message was sent that no line of the subscription table knows: a programming error."""


async def send(tx: AsyncSession, name: str, **ids: UUID | str | int) -> UUID:
    """Write message `name` about `ids`. Consumers come from the process's subscription table."""
    consumers = tx.info["consumers"]
    if name not in consumers:
        raise UnknownMessage(name)
    context = structlog.contextvars.get_contextvars()
    message = Message(
        name=name,
        ids={key: value if isinstance(value, int) else str(value) for key, value in ids.items()},
        request_id=context.get("request_id"),
    )
    tx.add(message)
    await tx.flush()  # the delivery rows refer to it
    tx.add_all([Delivery(message_id=message.id, consumer=consumer) for consumer in consumers[name]])
    tx.info["sent"].append(message.id)
    return message.id
