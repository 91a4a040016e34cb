"""What a partner's believed message does here. Each is one transaction and may be repeated."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox, timers
from marketplace.hours.books import pool_account
from marketplace.hours.links.errors import LinkLimitReached, LinkSuspended, LinkUnitMismatch, LinkUnknown
from marketplace.hours.links.finding import payee_of
from marketplace.hours.links.messages import ENDED, LINK_DUE
from marketplace.hours.links.schemas import (
    ChainOut,
    FlyingOut,
    LinkHeadOut,
    RelayCommitIn,
    RelayPrepareIn,
    RelayQuoteIn,
    RelayQuoteOut,
    RelayStateOut,
)
from timebank import links
from timebank.links import Link, UnknownRelay
from timebank.links.mirrors import Flying, head_at, word_of
from timebank.links.moves import answer_for
from timebank.links.protocol import UNKNOWN, Answer
from timebank.links.relays import Direction


async def prepare(
    tx: AsyncSession, link_id: UUID, relay_id: UUID, given: RelayPrepareIn, *, now: datetime
) -> RelayStateOut:
    """Hold room for the partner's payment to a member of ours, and see to it that its end is asked for."""
    link = await _link(tx, link_id, given.unit)
    known = await links.find_relay(tx, link_id, relay_id)
    if known is None:
        payee = await payee_of(tx, link, given.payee)
        account, pool = payee.ledger_account, pool_account(payee.district_id)
    else:  # whatever became of the payee, a repeated message is answered as the first
        account, pool = known.account, known.account
    await links.prepare_in(
        tx,
        link_id,
        relay_id,
        account=account,
        excess_to=pool,
        unit=given.unit,
        amount=given.minutes,
        payer=given.payer,
        payee=given.payee,
        expires_at=given.expires_at,
        now=now,
    )
    await timers.advance_timer(tx, LINK_DUE, link_id, given.expires_at)
    return await state(tx, link_id, relay_id, now=now)


async def commit(
    tx: AsyncSession, link_id: UUID, relay_id: UUID, given: RelayCommitIn, *, now: datetime
) -> RelayStateOut:
    """Do what the payer's side decided."""
    done = await links.commit_in(
        tx,
        link_id,
        relay_id,
        contents=bytes.fromhex(given.contents),
        seq=given.seq,
        decided_at=given.decided_at,
        head=bytes.fromhex(given.head),
        now=now,
    )
    if done:
        await outbox.send(tx, ENDED, link_id=link_id, relay_id=relay_id)
    return await state(tx, link_id, relay_id, now=now)


async def abort(tx: AsyncSession, link_id: UUID, relay_id: UUID, *, reason: str, now: datetime) -> RelayStateOut:
    """Free the room; an unknown relay was never prepared here, which is as good."""
    try:
        await links.end_relay(tx, link_id, relay_id, "in", state="aborted", reason=reason, now=now)
    except UnknownRelay:
        return RelayStateOut(state=UNKNOWN)
    return await state(tx, link_id, relay_id, now=now)


async def state(tx: AsyncSession, link_id: UUID, relay_id: UUID, *, now: datetime) -> RelayStateOut:
    """How a relay stands here. One of ours that is overdue and undecided is ended before we say so."""
    relay = await links.find_relay(tx, link_id, relay_id)
    answer = await answer_for(tx, relay, now=now)
    if relay is not None and relay.direction == "out" and (relay.state, answer.state) == ("prepared", "expired"):
        await outbox.send(tx, ENDED, link_id=link_id, relay_id=relay_id)  # the payer is told, too
    return _out(answer)


async def quote(tx: AsyncSession, link_id: UUID, given: RelayQuoteIn) -> RelayQuoteOut:
    """Whether a member of ours could be paid this now. The refusals of `prepare`."""
    link = await _link(tx, link_id, given.unit)
    if link.state != "open":
        raise LinkSuspended(state=link.state)
    await payee_of(tx, link, given.payee)
    if given.minutes > link.room_in:
        raise LinkLimitReached(whose="ours", room=link.room_in)
    return RelayQuoteOut(room_minutes=link.room_in)


async def head(tx: AsyncSession, link_id: UUID, *, received: int) -> LinkHeadOut:
    """Our word on the link, for a partner that has received so many relays of ours."""
    word = await word_of(tx, link_id, received=received)
    return LinkHeadOut(
        balance_minutes=word.balance,
        limit_minutes=word.limit,
        sent_height=word.sent_height,
        sent_head=word.sent_head.hex(),
        received_height=word.received_height,
        received_head=word.received_head.hex(),
        sent_at=None if word.sent_at is None else word.sent_at.hex(),
        in_flight=[flying_out(one) for one in word.flying],
    )


async def chain(tx: AsyncSession, link_id: UUID, direction: Direction, seq: int) -> ChainOut:
    """The head of one of our chains at a height."""
    found = await head_at(tx, link_id, direction, seq)
    return ChainOut(head=None if found is None else found.hex())


def flying_out(one: Flying) -> FlyingOut:
    """A relay in flight as it is told."""
    return FlyingOut.model_validate(
        {"relay_id": one.id, "direction": one.direction, "state": one.state, "minutes": one.amount, "seq": one.seq}
    )


async def _link(tx: AsyncSession, link_id: UUID, unit: str) -> Link:
    link = await links.find_link(tx, link_id)
    if link is None:
        raise LinkUnknown
    if unit != link.unit:
        raise LinkUnitMismatch(pointer="/unit")
    return link


def _out(answer: Answer) -> RelayStateOut:
    return RelayStateOut.model_validate(
        {
            "state": answer.state,
            "code": answer.code,
            "seq": answer.seq,
            "decided_at": answer.decided_at,
            "head": None if answer.head is None else answer.head.hex(),
        }
    )
