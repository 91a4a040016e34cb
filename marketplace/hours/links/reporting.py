"""Links as an operator sees and turns them at a terminal: the acts of `opening`, by the system."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.links import listing, opening, withdrawing
from marketplace.hours.links import rotating as keys
from marketplace.hours.links.keys import written
from marketplace.hours.links.opening import Agreement

Act = Callable[[AsyncSession, Platform, datetime], Awaitable[None]]


async def listed(platform: Platform) -> list[listing.Shown]:
    """Every link."""
    async with transaction(platform.db) as tx:
        return await listing.all_links(tx, now=platform.now())


async def opened(platform: Platform, agreed: Agreement) -> listing.Shown:
    """A link, opened as agreed."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        link_id = await opening.open_link(tx, platform, agreed, actor=Actor.system(), now=now)
        return await listing.shown(tx, link_id, now=now)


async def turned(platform: Platform, link_id: UUID, act: Act) -> listing.Shown:
    """The link after one of the acts below."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        await act(tx, platform, now)
        return await listing.shown(tx, link_id, now=now)


def accepting(link_id: UUID, address: str, public_key: str) -> Act:
    """Take the partner's address and key."""

    async def act(tx: AsyncSession, platform: Platform, now: datetime) -> None:
        given = {"address": address, "public_key": public_key}
        await opening.accept(tx, platform, link_id, **given, actor=Actor.system(), now=now)

    return act


def rotating(link_id: UUID) -> Act:
    """Have a new key announced."""

    async def act(tx: AsyncSession, platform: Platform, _now: datetime) -> None:
        await keys.rotate(tx, platform, link_id, actor=Actor.system())

    return act


async def without_next_key(platform: Platform, link_id: UUID, *, unanswered: bool) -> listing.Shown:
    """The link after its pending key, if there is one, was given up."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        found = await listing.shown(tx, link_id, now=now)
    if found.peer.next_public_key is not None:
        key = written(found.peer.next_public_key)
        await withdrawing.give_up(platform, link_id, key, unanswered=unanswered, actor=Actor.system())
    async with transaction(platform.db) as tx:
        return await listing.shown(tx, link_id, now=now)


def limiting(link_id: UUID, minutes: int) -> Act:
    """Let the partner owe so much."""

    async def act(tx: AsyncSession, _platform: Platform, now: datetime) -> None:
        await opening.set_limit(tx, link_id, minutes, actor=Actor.system(), now=now)

    return act


def suspending(link_id: UUID, reason: str) -> Act:
    """Take no new payments."""

    async def act(tx: AsyncSession, _platform: Platform, now: datetime) -> None:
        await opening.suspend(tx, link_id, reason=reason, actor=Actor.system(), now=now)

    return act


def resuming(link_id: UUID) -> Act:
    """Take payments again."""

    async def act(tx: AsyncSession, _platform: Platform, now: datetime) -> None:
        await opening.resume(tx, link_id, actor=Actor.system(), now=now)

    return act


def closing(link_id: UUID, reason: str) -> Act:
    """Close for good."""

    async def act(tx: AsyncSession, _platform: Platform, now: datetime) -> None:
        await opening.close(tx, link_id, reason=reason, actor=Actor.system(), now=now)

    return act
