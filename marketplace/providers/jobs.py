"""Jobs of providers: consumers of outbox messages."""

from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.providers import blacklisting
from marketplace.providers.credentials import come_due


async def credential_due(platform: Platform, message: Message) -> None:
    """A credential's first day has come, or its last is over."""
    async with transaction(platform.db) as tx:
        await come_due(tx, UUID(message.ids["id"]), actor=Actor.system(), now=platform.now())


async def blacklisting_due(platform: Platform, message: Message) -> None:
    """A blacklisting's time is over."""
    async with transaction(platform.db) as tx:
        await blacklisting.expire(tx, UUID(message.ids["id"]), actor=Actor.system(), now=platform.now())
