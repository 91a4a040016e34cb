"""Carrying a link's relays on: claim │ call │ record, one step after the other, until the partner does not answer.

Killed anywhere, the next run reads what is in flight and does the same steps again; the relay's id makes them harmless.
A link is cut as a whole, so its relays share one timer; what was decided goes out first, in the order of its chain.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.links import client
from marketplace.hours.links.client import Partner, PartnerUnavailable, Reply
from marketplace.hours.links.errors import PartnerNotReady
from marketplace.hours.links.finding import partner_of
from marketplace.hours.links.messages import DIVERGED, ENDED, LINK_DUE
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.rotating import announce
from timebank import links
from timebank.links import Relay
from timebank.links.moves import expire, record
from timebank.links.protocol import REFUSED, Answer, Move, Step, next_step

RETRY_SECONDS = (1, 2, 5, 15, 60, 300)
MOST_STEPS = 4  # prepare, commit and two repeats; more means that another run is at it
ANNOUNCED_AGAIN = timedelta(minutes=5)

log = structlog.get_logger()


async def carry(platform: Platform, link_id: UUID) -> None:
    """Take every step that is due on the link now. What is left waits for the link's timer."""
    is_over = outbox.share_of_lease(platform)
    answered = True
    await _expire_overdue(platform, link_id)
    async with transaction(platform.db) as tx:
        flying = await links.in_flight(tx, link_id)
        try:
            partner = await partner_of(tx, platform, link_id) if flying else None
        except PartnerNotReady:
            partner = None
    for relay in flying if partner else ():
        if is_over() or not answered:
            break
        answered = await _carry(platform, partner, relay)
    # last, and without a part in the relays' pauses: a partner that does not know the message is still traded with
    known = await announce(platform, link_id) if answered else False
    await _come_again(platform, link_id, answered=answered, known=known)


async def _expire_overdue(platform: Platform, link_id: UUID) -> None:
    """Free what payers wait for too long, before anything waits for the partner."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        overdue = [one for one in await links.in_flight(tx, link_id) if next_step(one, now=now) is Step.EXPIRE]
    for relay in overdue:
        async with transaction(platform.db) as tx:
            await expire(tx, relay, now=now)
            await outbox.send(tx, ENDED, link_id=relay.link, relay_id=relay.id)


async def _carry(platform: Platform, partner: Partner | None, relay: Relay) -> bool:
    """Take one relay as far as it goes; False when the partner did not answer."""
    now = platform.now()
    for _ in range(MOST_STEPS):
        step = next_step(relay, now=now)
        if step is None or step is Step.EXPIRE or partner is None:
            return True
        try:
            answer = await call(platform, partner, relay, step)
        except PartnerUnavailable as silence:
            log.warning("partner does not answer", link_id=str(relay.link), reason=silence.code)
            return False
        if not await _record(platform, relay, step, answer, now=platform.now()):
            return True
        async with transaction(platform.db) as tx:
            relay = await links.find_relay(tx, relay.link, relay.id) or relay
    return True


async def call(platform: Platform, partner: Partner, relay: Relay, step: Step) -> Answer:
    """The step's message, and the partner's answer. `PartnerUnavailable`."""
    path = f"/relays/{relay.id}"
    if step is Step.PREPARE:
        reply = await client.ask(platform, partner, "PUT", path, document=_preparing(relay))
    elif step is Step.COMMIT:
        reply = await client.ask(platform, partner, "POST", f"{path}/commit", document=_committing(relay))
    elif step is Step.ABORT:
        document = {"reason": relay.reason or relay.state}
        reply = await client.ask(platform, partner, "POST", f"{path}/abort", document=document)
    else:
        reply = await client.ask(platform, partner, "GET", path)
    return _answer(reply)


def _preparing(relay: Relay) -> dict[str, Any]:
    return {
        "unit": "minute",
        "minutes": relay.amount,
        "payer": relay.payer,
        "payee": relay.payee,
        "expires_at": relay.expires_at.isoformat(),
    }


def _committing(relay: Relay) -> dict[str, Any]:
    if relay.decided_at is None or relay.head is None:
        raise AssertionError("a committed relay has its place in the chain")
    return {
        "contents": relay.contents.hex(),
        "seq": relay.seq,
        "decided_at": relay.decided_at.isoformat(),
        "head": relay.head.hex(),
    }


def _answer(reply: Reply) -> Answer:
    if reply.code is not None:
        return Answer(REFUSED, reply.code)
    said = reply.document
    try:
        return Answer(
            state=str(said["state"]),
            code=said.get("code"),
            seq=said.get("seq"),
            decided_at=datetime.fromisoformat(said["decided_at"]) if said.get("decided_at") else None,
            head=bytes.fromhex(said["head"]) if said.get("head") else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PartnerUnavailable("answer_unreadable") from error


async def _record(platform: Platform, relay: Relay, step: Step, answer: Answer, *, now: datetime) -> bool:
    """Record the answer and tell of it; True when there may be more to do for the relay at once."""
    async with transaction(platform.db) as tx:
        move = await record(tx, relay, step, answer, now=now)
        await _heard(tx, relay.link, now=now)
        if move is Move.SUSPEND:
            await tell_divergence(tx, relay.link, answer.code or answer.state)
        elif move in {Move.COMMIT, Move.END}:
            await outbox.send(tx, ENDED, link_id=relay.link, relay_id=relay.id)
    return move in {Move.COMMIT, Move.END, Move.WAIT} and step is not Step.ASK


async def _heard(tx: AsyncSession, link_id: UUID, *, now: datetime) -> None:
    await tx.execute(update(LinkPeer).where(col(LinkPeer.link_id) == link_id).values(heard_at=now))


async def tell_divergence(tx: AsyncSession, link_id: UUID, reason: str) -> None:
    """Alert: the two banks do not agree, and the link is suspended until a person has looked."""
    log.error("two banks do not agree", link_id=str(link_id), reason=reason)
    await outbox.send(tx, DIVERGED, link_id=link_id, reason=reason)


async def _come_again(platform: Platform, link_id: UUID, *, answered: bool, known: bool) -> None:
    """Set the link's timer: at once for what is due, later after silence, at the expiry of what only waits.

    `known`: no new key of ours waits to be taken.
    """
    now = platform.now()
    async with transaction(platform.db) as tx:
        peer = await tx.get(LinkPeer, link_id, with_for_update=True)
        flying = await links.in_flight(tx, link_id)
        if peer is None:
            return
        peer.attempts = 0 if answered else peer.attempts + 1
        if not known and peer.next_public_key is not None:
            await timers.advance_timer(tx, LINK_DUE, link_id, now + ANNOUNCED_AGAIN)
        if not flying:
            return
        due = any(next_step(relay, now=now) for relay in flying)
        wait = timedelta(seconds=RETRY_SECONDS[min(peer.attempts, len(RETRY_SECONDS) - 1)])
        # nothing is due but what waits for its expiry: the partner's decision, or ours on another run
        at = now + wait if due else min(relay.expires_at for relay in flying)
        await timers.advance_timer(tx, LINK_DUE, link_id, max(at, now + timedelta(seconds=1)))
