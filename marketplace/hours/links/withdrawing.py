"""A new key of ours given up before the partner took it: the partner is asked to take it no more, and says if it has.

    ours                                          theirs
    withdraw: a pending key, under the old one ─▶ taken already: refused, and we go over to it after all
    given up here, and remembered              ◀─ not taken: never will be, whatever is still on its way

Only the partner knows whether it took the key: an answer of its may be lost. So a partner that does not answer is a
refusal, unless the operator gives the key up all the same. If it had been taken then, the partner goes on believing our
old key, but hears of no other one until its operator accepts one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.links import client
from marketplace.hours.links.client import PartnerUnavailable
from marketplace.hours.links.errors import LinkKeyNotPending, LinkKeyTaken, PartnerSilent
from marketplace.hours.links.finding import partner_of
from marketplace.hours.links.given_up import keep_given_up, partner_gave_up, require_room
from marketplace.hours.links.keys import read_key, written
from marketplace.hours.links.rotating import Announcement, forget_next, locked_peer, use
from marketplace.hours.links.schemas import LinkKeyOut


async def give_up(platform: Platform, link_id: UUID, public_key: str, *, unanswered: bool, actor: Actor) -> None:
    """Give up the pending key; nothing where none is pending any more.

    `LinkKeyTaken` when the partner has it, and from then on we sign with it; `LinkKeyNotPending` when another one is;
    `PartnerSilent` when the partner does not say, unless `unanswered`.
    """
    new = read_key(public_key)
    async with transaction(platform.db) as tx:
        peer = await locked_peer(tx, link_id)
        if peer.own_public_key == new:
            raise LinkKeyTaken
        if peer.next_public_key is None:
            return
        if peer.next_public_key != new:
            raise LinkKeyNotPending
        said = Announcement(link_id, peer.own_public_key, new)
    await _ask(platform, said, unanswered=unanswered)
    async with transaction(platform.db) as tx:
        if (await locked_peer(tx, link_id)).own_public_key == new:  # taken and answered in this very moment
            raise LinkKeyTaken
        await forget_next(tx, link_id, new, actor=actor, now=platform.now())


async def _ask(platform: Platform, said: Announcement, *, unanswered: bool) -> None:
    async with transaction(platform.db) as tx:
        partner = await partner_of(tx, platform, said.link_id)
    document = {"public_key": written(said.new)}
    try:
        reply = await client.ask(platform, partner, "POST", "/key/withdraw", document=document)
        silence = None if reply.code in {None, LinkKeyTaken.code} else reply.code
    except PartnerUnavailable as unavailable:
        reply, silence = None, unavailable.code
    if silence is not None and not unanswered:
        raise PartnerSilent(reason=silence)
    if reply is not None and reply.code == LinkKeyTaken.code:
        async with transaction(platform.db) as tx:
            await use(tx, said)
        raise LinkKeyTaken


async def hear(tx: AsyncSession, link_id: UUID, public_key: str, *, now: datetime) -> LinkKeyOut:
    """The partner gives up a key that it announced, or was about to. `LinkKeyTaken` when we have it, `LinkKeysFull`.

    The answer is its key that counts.
    """
    peer, given_up = await locked_peer(tx, link_id), read_key(public_key)
    if given_up in (peer.public_key, peer.former_public_key):
        raise LinkKeyTaken
    if not await partner_gave_up(tx, link_id, given_up):
        await require_room(tx, link_id)
        await keep_given_up(tx, link_id, "theirs", given_up, now=now)
        audit.note(tx, "link.partner_key_withdrawn", actor=Actor.system(), entity="link", entity_id=link_id)
    return LinkKeyOut(public_key=written(peer.public_key or b""))
