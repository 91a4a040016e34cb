"""What operators do with links: open one, accept the partner's key, change our limit, suspend, resume, close.

A link is agreed between two operators: both use the same id, each tells the other its name, address and public key. It
takes no payments before the partner's key is known.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.links.errors import LinkLimitInUse, LinkNotEmpty, PartnerNotReady, in_words
from marketplace.hours.links.finding import link_and_peer
from marketplace.hours.links.given_up import take_after_all
from marketplace.hours.links.keys import new_peer, read_key
from marketplace.hours.links.messages import CHECK
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.places import check_address, networks_of
from timebank import LedgerError, links
from timebank.errors import AccountNotEmpty, InsufficientBalance

AWAITING = "awaiting the partner's key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What two operators agreed. `limit_minutes` is what they may owe us; `link_id` None: we are the first."""

    our_name: str
    partner: str
    limit_minutes: int
    link_id: UUID | None = None
    address: str | None = None
    public_key: str | None = None


async def open_link(tx: AsyncSession, platform: Platform, agreed: Agreement, *, actor: Actor, now: datetime) -> UUID:
    """Open a link; repeating it changes nothing. It waits, suspended, until the partner's key is known. `LinkTaken`."""
    link_id = agreed.link_id or new_id()
    await timebank.open_book(tx, CITY)
    names = {"our_name": agreed.our_name, "their_name": agreed.partner}
    try:
        await links.open_link(tx, link_id, book=CITY, unit=MINUTE, **names, limit=agreed.limit_minutes, now=now)
    except LedgerError as error:
        raise in_words(error) from error
    if await tx.get(LinkPeer, link_id) is None:
        await new_peer(tx, platform.vault, link_id)
        await links.suspend_link(tx, link_id, reason=AWAITING, now=now)
        _note(tx, "opened", link_id, actor, limit_minutes=agreed.limit_minutes)
    if agreed.address is not None and agreed.public_key is not None:
        given = {"address": agreed.address, "public_key": agreed.public_key}
        await accept(tx, platform, link_id, **given, actor=actor, now=now)
    return link_id


async def accept(
    tx: AsyncSession, platform: Platform, link_id: UUID, *, address: str, public_key: str, actor: Actor, now: datetime
) -> None:
    """Take the partner's address and public key, also new ones: an operator's word, the key before ends at once.

    A link that only waited for them opens.
    """
    where, key = check_address(address, networks_of(platform.settings.link_networks)), read_key(public_key)
    link, peer = await link_and_peer(tx, link_id)
    if link.reason == AWAITING:  # before the peer's row: a relay's record locks the link first, too
        await links.resume_link(tx, link_id, now=now)
    peer.address, peer.public_key, peer.former_public_key, peer.former_until = where, key, None, None
    await take_after_all(tx, link_id, key)
    _note(tx, "accepted", link_id, actor)
    await outbox.send(tx, CHECK, link_id=link_id)


async def set_limit(tx: AsyncSession, link_id: UUID, minutes: int, *, actor: Actor, now: datetime) -> None:
    """What the partner may owe us from now on; it hears of it when it next compares. `LinkLimitInUse`."""
    await link_and_peer(tx, link_id)
    _note(tx, "limited", link_id, actor, limit_minutes=minutes)
    try:
        await links.set_our_limit(tx, link_id, minutes, key=f"link:{link_id}:limit:{new_id()}", now=now)
    except InsufficientBalance as error:
        raise LinkLimitInUse from error


async def suspend(tx: AsyncSession, link_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take no new payments; what is decided already ends."""
    await link_and_peer(tx, link_id)
    await _turned(links.suspend_link(tx, link_id, reason=reason, now=now))
    _note(tx, "suspended", link_id, actor)


async def resume(tx: AsyncSession, link_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Take payments again. `PartnerNotReady` before the partner's key is known."""
    _, peer = await link_and_peer(tx, link_id)
    if peer.public_key is None:
        raise PartnerNotReady
    await _turned(links.resume_link(tx, link_id, now=now))
    _note(tx, "resumed", link_id, actor)
    await outbox.send(tx, CHECK, link_id=link_id)


async def close(tx: AsyncSession, link_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close for good. `LinkNotEmpty`."""
    await link_and_peer(tx, link_id)
    try:
        await _turned(links.close_link(tx, link_id, reason=reason, now=now))
    except AccountNotEmpty as error:
        raise LinkNotEmpty from error
    _note(tx, "closed", link_id, actor)


async def _turned(turning: Awaitable[None]) -> None:
    try:
        await turning
    except LedgerError as error:
        raise in_words(error) from error


def _note(tx: AsyncSession, act: str, link_id: UUID, actor: Actor, **detail: int) -> None:
    audit.note(tx, f"link.{act}", actor=actor, entity="link", entity_id=link_id, **detail)
