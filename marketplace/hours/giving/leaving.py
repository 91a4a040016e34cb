"""Leaving: open tasks are given back, standing orders end, what the account holds goes to the branch's pool, and it
closes at zero.

Above the limit the minutes are held by an order until a second person agrees, as whatever is given; until then she is a
member, and stays one if nobody agrees. Who was ended by sanction leaves in the same way: the hours are hers until then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Stale
from marketplace.base.policy import Policy
from marketplace.hours.books import pool_account
from marketplace.hours.giving import schedules
from marketplace.hours.giving.entries import Around, Placed, release_commands
from marketplace.hours.giving.estate import lock_schedules
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.giving.orders import Wish, above_limit, place, to_pool
from marketplace.hours.importing.in_transit import require_arrived
from marketplace.hours.members.errors import BalanceNotEmpty
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.leaving import LEFT, depart, give_back, require_free
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, member_for, right_over
from marketplace.hours.models import Member
from timebank import Balance, CloseAccount, Command, Post, Transfer
from timebank.errors import AccountNotEmpty, InsufficientBalance

LEAVING = "leaving"  # the kind of order by which a leaving member's minutes wait for a second person


@dataclass(frozen=True, slots=True)
class Going:
    """Where what the account still holds shall go (None: it must be empty), and why she leaves."""

    balance_to: Literal["pool"] | None
    reason: str


async def leave(
    tx: AsyncSession, member_id: UUID, going: Going, *, policy: Policy, actor: Actor, now: datetime
) -> tuple[Member, TransferOrder | None]:
    """End a membership for whoever acts for the member, or an officer of the branch; with the order for which it waits,
    if it does. Leaving twice is leaving once.

    `Unknown`, `MemberInTransit`, `TasksUnsettled`, `WardsLeft`, `Stale` when a task or hours move at this moment,
    `BalanceNotEmpty` with what stands on the account, where it is not to go to the branch's pool.
    """
    member = await member_for(tx, member_id, actor=actor)
    if member.kind == "provider":
        raise IllegalTransition(state=member.kind, wanted=LEFT)
    await give_back(tx, member, actor=actor, now=now, reason=going.reason)
    standing = await lock_schedules(tx, member.id)
    member = await locked_member(tx, member.id)
    if member.state == LEFT:
        return member, None
    await require_arrived(tx, member)
    await require_free(tx, member)
    if (waiting := await waiting_order(tx, member.id)) is not None:
        return member, waiting
    acts = Acts(member, await right_over(tx, member, scope=None, actor=actor, now=now) or "officer")
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    if not _is_empty(balance) and (going.balance_to is None or balance.held > 0 or balance.posted < 0):
        raise _not_empty(balance)
    if above_limit(balance.posted, policy):
        wish = _wish(acts, balance.posted, going.reason)
        return member, (await place(tx, wish, policy=policy, actor=actor, now=now)).order
    await schedules.end_all(tx, standing, actor=actor, now=now)
    await depart(tx, member, actor=actor, now=now, reason=going.reason)
    gift = [_gift(member, balance.posted, now)] if balance.posted else []
    try:
        await timebank.apply(tx, [*gift, _close(member)], now=now)
    except (InsufficientBalance, AccountNotEmpty) as error:  # hours came or went at this very moment
        raise Stale(id=str(member.id)) from error
    await tell_member(tx, acts, LEFT, actor=actor)
    return member, None


async def complete(tx: AsyncSession, placed: Placed, *, actor: Actor, now: datetime) -> Around:
    """A second person agreed: she leaves with what she has now, be it more or less; tasks taken meanwhile are given
    back. What the order holds is freed among the commands that it returns. Errors as of `leave`.
    """
    order, held = placed.order, sum(line.minutes for line in placed.lines)
    freed = release_commands(order, placed.lines)
    member = await tx.get_one(Member, order.giver_id)
    await give_back(tx, member, actor=actor, now=now, reason=LEAVING)
    standing = await lock_schedules(tx, member.id)
    member = await locked_member(tx, member.id)
    await require_free(tx, member)
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    if balance.held > held or balance.posted < 0:
        raise _not_empty(balance)
    await _gives(tx, placed, balance.posted)
    await schedules.end_all(tx, standing, actor=actor, now=now)
    await depart(tx, member, actor=actor, now=now, reason=order.reason or LEAVING)
    return Around(before=freed, after=[_close(member)])


async def waiting_order(tx: AsyncSession, member_id: UUID) -> TransferOrder | None:
    """The order by which the locked member's leaving waits for a second person, if it does."""
    waits = (col(TransferOrder.kind) == LEAVING, col(TransferOrder.state) == "pending")
    return await tx.scalar(select(TransferOrder).where(col(TransferOrder.giver_id) == member_id, *waits))


async def _gives(tx: AsyncSession, placed: Placed, minutes: int) -> None:
    placed.order.minutes = minutes
    for line in placed.lines:  # one
        if minutes:
            line.minutes = minutes
        else:
            await tx.delete(line)
    if not minutes:
        placed.lines.clear()


def _is_empty(balance: Balance) -> bool:
    return balance.posted == 0 and balance.held == 0 and balance.owed == 0


def _not_empty(balance: Balance) -> BalanceNotEmpty:
    return BalanceNotEmpty(balance_minutes=balance.posted, held_minutes=balance.held, owed_minutes=balance.owed)


def _wish(acts: Acts, minutes: int, reason: str) -> Wish:
    member = acts.member
    return Wish(
        kind=LEAVING,
        district_id=member.district_id,
        lines=[to_pool(member, member.district_id, minutes)],
        giver_id=member.id,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        reason=reason,
    )


def _gift(member: Member, minutes: int, now: datetime) -> Command:
    return Post(
        key=f"member:{member.id}:left:{member.version}",
        transfers=(Transfer(member.ledger_account, pool_account(member.district_id), minutes),),
        kind=LEFT,
        reference=f"member:{member.id}",
        occurred_at=now,
    )


def _close(member: Member) -> Command:
    return CloseAccount(key=f"member:{member.id}:close:{member.version}", account=member.ledger_account)
