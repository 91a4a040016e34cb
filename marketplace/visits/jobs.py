"""Jobs of visits: consumers of the messages that timers send."""

from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.visits.attendance import absence, approval, lateness


async def approve_due(platform: Platform, message: Message) -> None:
    """The time for objections is over."""
    async with transaction(platform.db) as tx:
        await approval.approve_by_rule(tx, UUID(message.ids["id"]), now=platform.now())


async def missed_due(platform: Platform, message: Message) -> None:
    """A visit's window is over: has somebody come, and left?"""
    async with transaction(platform.db) as tx:
        await absence.look_after(tx, UUID(message.ids["id"]), rules=platform.policy.visit, now=platform.now())


async def late_due(platform: Platform, message: Message) -> None:
    """A visit's planned start is over: has anybody come?"""
    async with transaction(platform.db) as tx:
        await lateness.notice(tx, UUID(message.ids["id"]), rules=platform.policy.visit, now=platform.now())
