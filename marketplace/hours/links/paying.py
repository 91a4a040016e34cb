"""A member pays a member of another bank: asked here, carried by the worker (`carrying`)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden
from marketplace.base.ids import new_id
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import MemberInactive
from marketplace.hours.links.errors import LinkLimitReached, LinkSuspended, RelayTooLarge, RelayUnknown, in_words
from marketplace.hours.links.finding import Address, link_to, read_address
from marketplace.hours.links.messages import LINK_DUE, REQUESTED
from marketplace.hours.models import Member
from timebank import LedgerError, links
from timebank.links import Link, Relay
from timebank.links.relays import relays_of

LIFETIME = timedelta(minutes=15)  # how long a payer's minutes wait for a partner that does not answer
SOON = timedelta(seconds=30)


async def pay(
    tx: AsyncSession, member: Member, payee: str, minutes: int, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> Relay:
    """Set the member's minutes aside and have the partner asked; without an answer they are free after `LIFETIME`.

    `PayeeUnknown`, `LinkUnknown`, `LinkSuspended`, `LinkLimitReached`, `RelayTooLarge`, `MemberInactive`, `Forbidden`;
    `timebank.errors.InsufficientBalance`.
    """
    address = check(member, payee, minutes, rules=rules, actor=actor)
    link = await link_to(tx, address.bank)
    relay_id = new_id()
    try:
        await links.prepare_out(
            tx,
            link.id,
            relay_id,
            account=member.ledger_account,
            amount=minutes,
            payer=str(Address(link.our_name, str(member.id))),
            payee=str(address),
            expires_at=now + LIFETIME,
            now=now,
        )
    except LedgerError as error:
        raise in_words(error) from error
    audit.note(tx, "relay.requested", actor=actor, entity="relay", entity_id=relay_id, minutes=minutes)
    await _set_going(tx, link.id, relay_id, now=now)
    return await relay_for(tx, member, relay_id)


def check(member: Member, payee: str, minutes: int, *, rules: TimeBankRules, actor: Actor) -> Address:
    """What can be judged without the partner; the payee's address."""
    if member.account_id is None or member.account_id != actor.account_id:
        raise Forbidden
    if member.state != "active":
        raise MemberInactive(state=member.state)
    if minutes > rules.giving.second_person_above_minutes:
        raise RelayTooLarge(pointer="/minutes", most_minutes=rules.giving.second_person_above_minutes)
    return read_address(payee)


def check_room(link: Link, minutes: int) -> None:
    """`LinkSuspended`, `LinkLimitReached`."""
    if link.state != "open":
        raise LinkSuspended(state=link.state)
    if minutes > link.room_out:
        raise LinkLimitReached(whose="theirs", room=link.room_out)


async def call_off(tx: AsyncSession, member: Member, relay_id: UUID, *, actor: Actor, now: datetime) -> Relay:
    """End a payment that is not decided: the minutes are free at once. `RelayEnded` when it is; `RelayUnknown`."""
    if member.account_id != actor.account_id:
        raise Forbidden
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


async def relay_for(tx: AsyncSession, member: Member, relay_id: UUID) -> Relay:
    """A payment from or to the member. `RelayUnknown`."""
    for relay in await relays_of(tx, member.ledger_account, relay=relay_id):
        return relay
    raise RelayUnknown


async def _set_going(tx: AsyncSession, link_id: UUID, relay_id: UUID, *, now: datetime) -> None:
    await outbox.send(tx, REQUESTED, link_id=link_id, relay_id=relay_id)
    # should the message be given up, the timer still finds the relay
    await timers.advance_timer(tx, LINK_DUE, link_id, now + SOON)
