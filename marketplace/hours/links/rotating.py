"""A new key for a link, without a payment lost: announced to the partner under the old one, used once it is taken.

    ours                                       theirs
    rotate: a new pair is made
    announce: old ⟶ new, signed by both  ──▶   take: the new key counts, the old one still does
    the answer: we sign with the new one ──▶   the first message under it: the old one counts a week longer

Whatever is lost is said again. Until we know that the partner has the new key we sign with the old one, which it
believes as long; a partner that never answers keeps us at the old one. Only the key in force announces another, so a
stolen former key announces nothing, and an announcement given again finds nothing to do.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.links import client
from marketplace.hours.links.client import PartnerUnavailable
from marketplace.hours.links.errors import LinkKeyNotAnnounced, LinkKeyWithdrawn, LinkUnknown, PartnerNotReady
from marketplace.hours.links.finding import partner_of
from marketplace.hours.links.given_up import keep_given_up, partner_gave_up
from marketplace.hours.links.keys import new_pair, next_signing_key, read_key, signing_key, written
from marketplace.hours.links.messages import CHECK, KEY_MADE
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.schemas import LinkKeyIn, LinkKeyOut

OVERLAP = timedelta(days=7)  # how long a former key counts beside the new one: longer than messages wait for a retry

log = structlog.get_logger()


async def rotate(tx: AsyncSession, platform: Platform, link_id: UUID, *, actor: Actor) -> None:
    """Make a new key and have it announced; nothing while one is being announced. `LinkUnknown`, `PartnerNotReady`."""
    peer = await locked_peer(tx, link_id)
    if peer.address is None or peer.public_key is None:
        raise PartnerNotReady
    if peer.next_public_key is not None:
        return
    peer.next_signing_key_sealed, peer.next_public_key = await new_pair(tx, platform.vault, link_id)
    audit.note(tx, "link.key_made", actor=actor, entity="link", entity_id=link_id)
    await outbox.send(tx, KEY_MADE, link_id=link_id)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change of keys as its bank signs it, with either of them."""

    link_id: UUID
    old: bytes
    new: bytes

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"liuzhu link key\n{self.link_id}\n{written(self.old)}\n{written(self.new)}".encode()

    def is_signed(self, key: bytes, signature: str) -> bool:
        """Whether this is the key's signature, in base64, under the announcement."""
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(signature, validate=True), self.text)
        except (InvalidSignature, ValueError):
            return False
        return True


async def announce(platform: Platform, link_id: UUID) -> bool:
    """Tell the partner our new key, and sign with it once it is taken. False: there is one, and it is not taken yet."""
    async with transaction(platform.db) as tx:
        peer = await tx.get(LinkPeer, link_id)
        new = None if peer is None else await next_signing_key(tx, platform.vault, peer)
        if peer is None or new is None:
            return True
        partner, old = await partner_of(tx, platform, link_id), await signing_key(tx, platform.vault, peer)
        said = Announcement(link_id, peer.own_public_key, new.public_key().public_bytes_raw())
    signatures = {name: base64.b64encode(key.sign(said.text)).decode() for name, key in (("old", old), ("new", new))}
    document = {"public_key": written(said.new), "signed_by_old": signatures["old"], "signed_by_new": signatures["new"]}
    try:
        reply = await client.ask(platform, partner, "POST", "/key", document=document)
    except PartnerUnavailable as silence:
        log.warning("partner does not take our new key", link_id=str(link_id), reason=silence.code)
        return False
    if reply.code == LinkKeyWithdrawn.code:  # given up, and the answer to that was lost
        async with transaction(platform.db) as tx:
            await forget_next(tx, link_id, said.new, actor=Actor.system(), now=platform.now())
        return True
    if reply.code is not None:
        log.error("partner refuses our new key", link_id=str(link_id), reason=reply.code)
        return False
    async with transaction(platform.db) as tx:
        await use(tx, said)
    return True


async def use(tx: AsyncSession, said: Announcement) -> None:
    """Sign with the new key from now on, unless another run was quicker."""
    peer = await locked_peer(tx, said.link_id)
    if peer.next_public_key != said.new or peer.next_signing_key_sealed is None:
        return
    peer.own_public_key, peer.signing_key_sealed = said.new, peer.next_signing_key_sealed
    peer.next_public_key = peer.next_signing_key_sealed = None
    audit.note(tx, "link.key_changed", actor=Actor.system(), entity="link", entity_id=said.link_id)
    await outbox.send(tx, CHECK, link_id=said.link_id)  # the first message under the new key


async def forget_next(tx: AsyncSession, link_id: UUID, new: bytes, *, actor: Actor, now: datetime) -> None:
    """The pending key is given up, unless another run was quicker; we go on with the one that we have."""
    peer = await locked_peer(tx, link_id)
    if peer.next_public_key == new:
        peer.next_public_key = peer.next_signing_key_sealed = None
        await keep_given_up(tx, link_id, "ours", new, now=now)
        audit.note(tx, "link.key_given_up", actor=actor, entity="link", entity_id=link_id)


async def take(tx: AsyncSession, link_id: UUID, given: LinkKeyIn) -> LinkKeyOut:
    """Take the partner's new key, beside which the one in force counts on.

    `LinkKeyNotAnnounced`, `LinkKeyWithdrawn`, `KeyUnreadable`.
    """
    peer, new = await locked_peer(tx, link_id), read_key(given.public_key)
    if new != peer.public_key:
        said = Announcement(link_id, peer.public_key or b"", new)
        if not (said.is_signed(said.old, given.signed_by_old) and said.is_signed(new, given.signed_by_new)):
            raise LinkKeyNotAnnounced
        if await partner_gave_up(tx, link_id, new):
            raise LinkKeyWithdrawn
        peer.former_public_key, peer.former_until, peer.public_key = said.old, None, new
        audit.note(tx, "link.partner_key_changed", actor=Actor.system(), entity="link", entity_id=link_id)
    return LinkKeyOut(public_key=written(new))


async def note_use(tx: AsyncSession, link_id: UUID, key: bytes, *, now: datetime) -> None:
    """The partner signed with this key. When it is the new one, the former's last days begin."""
    peer = await locked_peer(tx, link_id)
    if key == peer.public_key and peer.former_public_key is not None and peer.former_until is None:
        peer.former_until = now + OVERLAP


async def locked_peer(tx: AsyncSession, link_id: UUID) -> LinkPeer:
    """How the link's partner is believed, with the row locked. `LinkUnknown`."""
    peer = await tx.get(LinkPeer, link_id, with_for_update=True, populate_existing=True)
    if peer is None:
        raise LinkUnknown
    return peer
