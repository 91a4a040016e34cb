"""Comparing both banks' books of a link: nightly, after an agreement, and when an operator asks.

The partner's limit is heard on the way. A difference suspends the link and is told; nothing is corrected.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY
from marketplace.hours.links import client
from marketplace.hours.links.carrying import tell_divergence
from marketplace.hours.links.client import Partner, PartnerUnavailable
from marketplace.hours.links.errors import PartnerSilent
from marketplace.hours.links.finding import link_and_peer, partner_of
from marketplace.hours.links.messages import CHECK
from marketplace.hours.links.schemas import ChainOut, LinkHeadOut
from timebank import links
from timebank.links import Link
from timebank.links.mirrors import (
    RECEIVED_DIFFERS,
    SENT_DIFFERS,
    SENT_LOST,
    Flying,
    Word,
    differences,
    first_difference,
    head_at,
    relay_at,
    seen_of,
)
from timebank.links.relays import Direction

log = structlog.get_logger()
OTHER_SIDE: dict[Direction, Direction] = {"out": "in", "in": "out"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs; the first relay that is not shared and its height, where a chain does."""

    differences: list[str]
    first_relay: UUID | None = None
    height: int | None = None


async def compare(platform: Platform, link_id: UUID) -> Comparison:
    """Ask the partner for its word and compare. `LinkUnknown`, `PartnerNotReady`; `PartnerSilent` without an answer."""
    async with transaction(platform.db) as tx:
        link, _ = await link_and_peer(tx, link_id)
        partner, seen = await partner_of(tx, platform, link_id), await seen_of(tx, link_id)
    try:
        theirs = await _word(platform, partner, received=seen.received)
        async with transaction(platform.db) as tx:
            found = await differences(tx, link_id, theirs, seen=seen)
        first = await _first(platform, partner, link, theirs, found)
    except PartnerUnavailable as silence:
        raise PartnerSilent(reason=silence.code) from silence
    comparison = Comparison(found, *(first or ()))
    await _record(platform, link_id, theirs, comparison)
    return comparison


async def _word(platform: Platform, partner: Partner, *, received: int) -> Word:
    reply = await client.ask(platform, partner, "GET", "/head", query=f"received={received}")
    if reply.code is not None:
        raise PartnerUnavailable(reply.code)
    try:
        said = LinkHeadOut.model_validate(reply.document)
    except ValueError as error:
        raise PartnerUnavailable("answer_unreadable") from error
    return Word(
        balance=said.balance_minutes,
        limit=said.limit_minutes,
        sent_height=said.sent_height,
        sent_head=bytes.fromhex(said.sent_head),
        received_height=said.received_height,
        received_head=bytes.fromhex(said.received_head),
        sent_at=None if said.sent_at is None else bytes.fromhex(said.sent_at),
        flying=tuple(Flying(one.relay_id, one.direction, one.state, one.minutes, one.seq) for one in said.in_flight),
    )


async def _first(
    platform: Platform, partner: Partner, link: Link, theirs: Word, found: list[str]
) -> tuple[UUID | None, int] | None:
    """Where the first chain that differs parts."""
    if SENT_LOST in found:
        async with transaction(platform.db) as tx:
            lost = theirs.received_height + 1
            return await relay_at(tx, link.id, "out", lost), lost
    if SENT_DIFFERS in found:
        direction: Direction = "out"
        upto = max(link.sent_height, theirs.received_height)
    elif RECEIVED_DIFFERS in found:
        direction, upto = "in", max(link.received_height, theirs.sent_height)
    else:
        return None

    async def ours(seq: int) -> bytes | None:
        async with transaction(platform.db) as tx:
            return await head_at(tx, link.id, direction, seq)

    async def partners(seq: int) -> bytes | None:
        reply = await client.ask(platform, partner, "GET", f"/chain/{OTHER_SIDE[direction]}/{seq}")
        if reply.code is not None:
            raise PartnerUnavailable(reply.code)
        told = ChainOut.model_validate(reply.document).head
        return None if told is None else bytes.fromhex(told)

    height = await first_difference(upto, ours, partners)
    async with transaction(platform.db) as tx:
        return await relay_at(tx, link.id, direction, height), height


async def _record(platform: Platform, link_id: UUID, theirs: Word, comparison: Comparison) -> None:
    now = platform.now()
    async with transaction(platform.db) as tx:
        await links.hear_limit(tx, link_id, theirs.limit)
        link, peer = await link_and_peer(tx, link_id)
        peer.compared_at = peer.heard_at = now
        if comparison.differences and link.state != "closed":
            reason = ", ".join(comparison.differences)[:200]
            await links.suspend_link(tx, link_id, reason=reason, now=now)
            await tell_divergence(tx, link_id, reason)


async def ask_for_comparisons(tx: AsyncSession) -> None:
    """Have every link compared that is not closed."""
    for link in await links.find_links(tx, CITY):
        if link.state != "closed":
            await outbox.send(tx, CHECK, link_id=link.id)
