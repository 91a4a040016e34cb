"""A member pays a member of another bank: asked here, above a limit agreed to, carried by the worker (`carrying`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.hours.errors import MemberInactive
from marketplace.hours.giving.orders import above_limit
from marketplace.hours.links import requests
from marketplace.hours.links.errors import LinkLimitReached, LinkSuspended, RelayUnknown, in_words
from marketplace.hours.links.finding import Address, link_to, read_address
from marketplace.hours.links.messages import LINK_DUE, REQUESTED
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.models import Member
from timebank import LedgerError, links
from timebank.links import Link, Relay
from timebank.links.relays import relays_of

LIFETIME = timedelta(minutes=15)  # how long a payer's minutes wait for a partner that does not answer
SOON = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Way:
    """What goes its way to another bank."""

    link_id: UUID
    relay_id: UUID
    account: UUID
    minutes: int
    payer: str
    payee: str


async def _prepare(tx: AsyncSession, way: _Way, *, now: datetime, out_of: str | None = None) -> None:
    try:
        await links.prepare_out(
            tx,
            way.link_id,
            way.relay_id,
            account=way.account,
            amount=way.minutes,
            payer=way.payer,
            payee=way.payee,
            expires_at=now + LIFETIME,
            now=now,
            out_of=out_of,
        )
    except LedgerError as error:
        raise in_words(error) from error


async def pay(
    tx: AsyncSession, member: Member, payee: str, minutes: int, *, policy: Policy, actor: Actor, now: datetime
) -> Relay | PaymentRequest:
    """Set the member's minutes aside and have the partner asked; without an answer they are free after `LIFETIME`.

    Above the rule set's limit a second person is asked first. `PayeeUnknown`, `LinkUnknown`, `LinkSuspended`,
    `LinkLimitReached`, `MemberInactive`, `Forbidden`; `timebank.errors.InsufficientBalance`.
    """
    address = check(member, payee, actor=actor)
    link = await link_to(tx, address.bank)
    if above_limit(minutes, policy):
        check_room(link, minutes)
        return await requests.ask(tx, member, link, payee, minutes, policy=policy, actor=actor, now=now)
    relay_id, payer = new_id(), str(Address(link.our_name, str(member.id)))
    way = _Way(link.id, relay_id, member.ledger_account, minutes, payer, payee)
    await _prepare(tx, way, now=now)
    audit.note(tx, "relay.requested", actor=actor, entity="relay", entity_id=relay_id, minutes=minutes)
    await _set_going(tx, link.id, relay_id, now=now)
    return await relay_for(tx, member, relay_id)


async def approve(tx: AsyncSession, request_id: UUID, *, actor: Actor, now: datetime, reason: str | None) -> Relay:
    """A second person agrees: what was held pays, if the link still takes it.

    Errors of `requests.to_decide` and `requests.agree`; `LinkSuspended`, `LinkLimitReached`: then it waits on.
    """
    request = await requests.to_decide(tx, request_id, actor=actor, now=now)
    await requests.agree(tx, request, actor=actor, now=now, reason=reason)
    way = _Way(request.link_id, request.id, request.account, request.minutes, request.payer, request.payee)
    await _prepare(tx, way, now=now, out_of=request.hold_key)
    await _set_going(tx, request.link_id, request.id, now=now)
    return await relay_for(tx, await tx.get_one(Member, request.member_id), request.id)


def check(member: Member, payee: str, *, actor: Actor) -> Address:
    """What can be judged without the partner; the payee's address."""
    if member.account_id is None or member.account_id != actor.account_id:
        raise Forbidden
    if member.state != "active":
        raise MemberInactive(state=member.state)
    return read_address(payee)


def check_room(link: Link, minutes: int) -> None:
    """`LinkSuspended`, `LinkLimitReached`."""
    if link.state != "open":
        raise LinkSuspended(state=link.state)
    if minutes > link.room_out:
        raise LinkLimitReached(whose="theirs", room=link.room_out)


async def call_off(
    tx: AsyncSession, member: Member, relay_id: UUID, *, actor: Actor, now: datetime
) -> Relay | PaymentRequest:
    """End a payment that is not decided: the minutes are free at once.

    `RelayEnded` when it is, `OrderOver` when the second person said no; `RelayUnknown`.
    """
    if member.account_id != actor.account_id:
        raise Forbidden
    waiting = await requests.request_of(tx, member, relay_id)
    if waiting is not None:
        return await requests.cancel(tx, waiting, actor=actor, now=now)
    relay = await relay_for(tx, member, relay_id)
    if relay.direction != "out":
        raise RelayUnknown
    try:
        await links.end_relay(tx, relay.link, relay.id, "out", state="aborted", reason="called_off", now=now)
    except LedgerError as error:
        raise in_words(error) from error
    audit.note(tx, "relay.called_off", actor=actor, entity="relay", entity_id=relay_id)
    await _set_going(tx, relay.link, relay.id, now=now)
    return await relay_for(tx, member, relay_id)


async def payments_of(tx: AsyncSession, member: Member, *, limit: int) -> list[Relay | PaymentRequest]:
    """A member's payments to and from other banks, and those that wait for a second person, newest first."""
    waiting = await requests.requests_of(tx, member, limit=limit)
    found: list[tuple[datetime, Relay | PaymentRequest]] = [(one.asked_at, one) for one in waiting]
    found += [(one.prepared_at, one) for one in await relays_of(tx, member.ledger_account, limit=limit)]
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)][:limit]


async def payment_for(tx: AsyncSession, member: Member, relay_id: UUID) -> Relay | PaymentRequest:
    """One of them. `RelayUnknown`."""
    return await requests.request_of(tx, member, relay_id) or await relay_for(tx, member, relay_id)


async def relay_for(tx: AsyncSession, member: Member, relay_id: UUID) -> Relay:
    """A payment from or to the member. `RelayUnknown`."""
    for relay in await relays_of(tx, member.ledger_account, relay=relay_id):
        return relay
    raise RelayUnknown


async def _set_going(tx: AsyncSession, link_id: UUID, relay_id: UUID, *, now: datetime) -> None:
    await outbox.send(tx, REQUESTED, link_id=link_id, relay_id=relay_id)
    # should the message be given up, the timer still finds the relay
    await timers.advance_timer(tx, LINK_DUE, link_id, now + SOON)
