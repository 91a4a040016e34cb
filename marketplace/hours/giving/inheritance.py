"""A member is gone: what she had goes to her heir or to her branch's pool, and the account is closed, all at once.

What is open is ended first: her published tasks, her orders that wait, her schedules. A debt is reported and stays on
the account, which is then left open; bookings paid in hours are cancelled before, by who manages them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.policy import Policy
from marketplace.hours.books import pool_account
from marketplace.hours.errors import MemberInactive
from marketplace.hours.giving import schedules
from marketplace.hours.giving.entries import Around, Placed, release_commands
from marketplace.hours.giving.errors import HoldsOpen
from marketplace.hours.giving.estate import INHERITANCE, Estate, locked_estate
from marketplace.hours.giving.heirs import Heir, divide, heirs_of, lines_to
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.giving.orders import Draft, Wish, above_limit, lines_of, place, step, to_pool
from marketplace.hours.importing.in_transit import require_arrived
from marketplace.hours.members.errors import ReasonMissing
from marketplace.hours.members.leaving import depart, give_back
from marketplace.hours.members.proxies import officers_member, require_no_benefit
from marketplace.hours.models import Member
from marketplace.hours.tasks.ending import end_unreleased
from timebank import Balance, CloseAccount, Command

ENDED = "the membership ended"
_HELD = text(
    "SELECT key, reference, amount FROM ledger_hold"
    " WHERE account = :account AND state = 'held' AND expires_at > :now ORDER BY key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Who is gone, who inherits (nobody: the branch), by which proof, and why the membership ends."""

    member_id: UUID
    heirs: tuple[Heir, ...] = ()
    proof: str | None = None
    reason: str | None = None


async def pass_on(tx: AsyncSession, passing: Passing, *, policy: Policy, actor: Actor, now: datetime) -> Placed:
    """End a membership; above the limit a second person must agree first.

    `Unknown` beyond the officer's reach, `ReasonMissing`, `MemberInactive`, `MemberInTransit`, what `heirs_of` refuses,
    `TaskStarted`, `TasksUnsettled`, `HoldsOpen`, `OwnBenefit`, `Stale` for what was opened at this very moment.
    """
    found = await officers_member(tx, passing.member_id, actor=actor)
    if not passing.reason:
        raise ReasonMissing(pointer="/reason")
    estate = await locked_estate(tx, found.id)
    member = estate.member
    if member.state == "left":
        raise MemberInactive(state=member.state)
    await require_arrived(tx, member)
    heirs = await heirs_of(tx, member, passing.heirs, passing.proof, rules=policy.timebank)
    await require_no_benefit(tx, {member.id, *(one.id for one in heirs)}, account_id=actor.account_id)
    freed = await _end_what_is_open(tx, estate, actor=actor, now=now)
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    shared = [(heir, one.parts) for heir, one in zip(heirs, passing.heirs, strict=True)]
    lines = _lines(member, shared, balance)
    waits = above_limit(balance.posted, policy)
    if not waits:
        await _leave(tx, member, actor=actor, now=now)
    wish = Wish(
        kind=INHERITANCE,
        district_id=member.district_id,
        lines=lines,
        giver_id=member.id,
        on_behalf_of=member.id,
        acted_as="officer",
        reason=passing.reason,
        proof=passing.proof,
        owed_minutes=balance.owed,
        needs_second=waits,
    )
    around = Around(before=freed, after=closing(member, balance), excess_to=_excess_to(member, bool(heirs)))
    return await place(tx, wish, policy=policy, actor=actor, now=now, around=around)


def _lines(member: Member, heirs: Sequence[tuple[Member, int]], balance: Balance) -> list[Draft]:
    if balance.posted <= 0:
        return []
    if heirs:
        return lines_to(member, heirs, balance.posted)
    return [to_pool(member, member.district_id, balance.posted)]


def _excess_to(member: Member, has_heirs: bool) -> UUID | None:
    """What passes an heir's cap goes to the pool of the branch where it was earned."""
    return pool_account(member.district_id) if has_heirs else None


def closing(member: Member, balance: Balance) -> list[Command]:
    """The account is closed; one that owes stays open until the branch has made up its mind."""
    if balance.owed:
        return []
    # the version makes the key: a membership may end, be restored, and end again
    return [CloseAccount(key=f"member:{member.id}:close:{balance.version}", account=member.ledger_account)]


async def complete(tx: AsyncSession, placed: Placed, *, actor: Actor, now: datetime) -> Around:
    """A second person agreed: end what was opened meanwhile and pass on what there is now, be it more or less.

    The order's own hold is freed among the commands that it returns.
    """
    order = placed.order
    if order.giver_id is None:
        raise Unknown(what="member")
    estate = await locked_estate(tx, order.giver_id)
    member = estate.member
    has_heirs = placed.lines[0].receiver_id is not None
    own = release_commands(order, placed.lines)
    freed = await _end_what_is_open(tx, estate, actor=actor, now=now, but=order)
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    order.minutes, order.owed_minutes = max(0, balance.posted), balance.owed
    await _divide_anew(tx, placed)
    await _leave(tx, member, actor=actor, now=now)
    return Around(before=[*own, *freed], after=closing(member, balance), excess_to=_excess_to(member, has_heirs))


async def _divide_anew(tx: AsyncSession, placed: Placed) -> None:
    """What there is now, to the same lines; who gets nothing of it has no line any more."""
    shares = divide(placed.order.minutes, [line.parts or 1 for line in placed.lines])
    for line, share in zip(placed.lines, shares, strict=True):
        if share > 0:
            line.minutes = share
        else:
            await tx.delete(line)
    placed.lines[:] = [line for line, share in zip(placed.lines, shares, strict=True) if share > 0]


async def _end_what_is_open(
    tx: AsyncSession, estate: Estate, *, actor: Actor, now: datetime, but: TransferOrder | None = None
) -> list[Command]:
    """Tasks that her minutes pay, her orders and consents, her schedules. Returns the ledger's releases.

    `TaskStarted`, and `HoldsOpen` where something else holds minutes of hers.
    """
    member = estate.member
    commands = await end_unreleased(tx, estate.paid, "cancelled", actor=actor, now=now, reason=ENDED)
    commands += await _end_orders(tx, estate, actor=actor, now=now, but=but)
    await schedules.end_all(tx, estate.schedules, actor=actor, now=now)
    freed = {getattr(command, "hold_key", "") for command in commands}
    kept = [
        one
        for one in await tx.execute(_HELD, {"account": member.ledger_account, "now": now})
        if one.key not in freed and (but is None or one.reference != but.key)
    ]
    if kept:
        raise HoldsOpen(held=sum(one.amount for one in kept), references=", ".join(one.reference for one in kept))
    return commands


async def _end_orders(
    tx: AsyncSession, estate: Estate, *, actor: Actor, now: datetime, but: TransferOrder | None
) -> list[Command]:
    member, commands = estate.member, list[Command]()
    for order in estate.orders:
        if but is not None and order.id == but.id:
            continue
        lines = [line for line in await lines_of(tx, order.id) if line.giver_id == member.id]
        commands += release_commands(order, [line for line in lines if line.moves])
        if order.giver_id == member.id:
            await step(tx, order, "cancelled", actor=actor, now=now, reason=ENDED)
        else:
            _withdraw(order, lines)
    await tx.flush()
    return commands


def _withdraw(order: TransferOrder, lines: Sequence[TransferLine]) -> None:
    for line in lines:
        if order.state == "pending" and line.moves:
            order.minutes -= line.minutes
        line.consent = "declined"


async def _leave(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime) -> None:
    await give_back(tx, member, actor=actor, now=now, reason=ENDED)
    await depart(tx, member, actor=actor, now=now, reason=ENDED)
