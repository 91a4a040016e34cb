"""Taking back what was given: the entry is reversed, once, if nobody has spent it and it is not too late.

Who moved to another branch since gives it back, or has it back, where she is at home now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.timebank_rules import GivingRules
from marketplace.hours.errors import SecondPersonNeeded
from marketplace.hours.giving.entries import Placed, reached_by
from marketplace.hours.giving.errors import (
    AlreadySpent,
    GiverFull,
    NotUndoable,
    OrderOver,
    TooLateToUndo,
)
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.giving.moved_since import passage_of
from marketplace.hours.giving.orders import acts_for_giver, locked, step
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.proxies import is_officer_of, require_no_benefit
from marketplace.hours.members.returning import revive
from timebank import Command, Hold, Release, ReopenAccount, Reverse
from timebank.errors import CapReached, InsufficientBalance

A_MOMENT = timedelta(minutes=1)  # longer than a call of the ledger takes


def window_of(kind: str, rules: GivingRules) -> timedelta | None:
    """How long an order of this kind can be taken back; None: never."""
    if kind in {"gift", "donation"}:
        return timedelta(hours=rules.undo_hours)
    return timedelta(days=rules.inheritance_undo_days) if kind == "inheritance" else None


def undoable_until(order: TransferOrder, rules: GivingRules) -> datetime | None:
    """Until when the order may be taken back; None for one that never may, or that is not done."""
    window = window_of(order.kind, rules)
    return None if window is None or order.state != "done" or order.done_at is None else order.done_at + window


async def undo(
    tx: AsyncSession, order_id: UUID, *, rules: GivingRules, actor: Actor, now: datetime, reason: str
) -> Placed:
    """Take a gift, a donation or an inheritance back.

    The giver herself, or an officer of her branch; an inheritance by another officer than asked or agreed. `Unknown`,
    `NotUndoable`, `OrderOver`, `TooLateToUndo`, `SecondPersonNeeded`, `OwnBenefit`, `AlreadySpent`, `GiverLeft`,
    `ReceiverLeft`, and `GiverFull` where the giver moved and her cap has no room.
    """
    placed = await locked(tx, order_id)
    order = placed.order
    await _require_may(tx, order, actor=actor, now=now)
    window = window_of(order.kind, rules)
    if window is None:
        raise NotUndoable
    if order.state != "done" or order.done_at is None:
        raise OrderOver(state=order.state)
    if now > order.done_at + window:
        raise TooLateToUndo(hours=int(window.total_seconds()) // 3600)
    await step(tx, order, "reversed", actor=actor, now=now, reason=reason)
    opened = await _restored(tx, order, actor=actor, now=now) if order.kind == "inheritance" else []
    await _reverse(tx, placed, opened, now=now)
    return placed


async def _require_may(tx: AsyncSession, order: TransferOrder, *, actor: Actor, now: datetime) -> None:
    if order.kind != "inheritance" and await acts_for_giver(tx, order, actor=actor, now=now):
        return
    if not await is_officer_of(tx, order.district_id, actor):
        raise Unknown(what="order")
    if order.kind == "inheritance" and actor.account_id in {order.asked_by, order.decided_by}:
        raise SecondPersonNeeded
    await require_no_benefit(tx, {order.giver_id}, account_id=actor.account_id)


async def _restored(tx: AsyncSession, order: TransferOrder, *, actor: Actor, now: datetime) -> list[Command]:
    """The membership lives again, with its account."""
    member = await locked_member(tx, order.giver_id)  # she may be joining again at this moment
    await revive(tx, member, actor=actor, now=now, reason="the inheritance is taken back")
    audit.note(tx, "member.restored", actor=actor, entity="member", entity_id=member.id)
    await tx.flush()
    there = await timebank.balance(tx, member.ledger_account, now=now)
    if there.state == "open":
        return []
    return [ReopenAccount(key=f"{order.key}:reopen", account=member.ledger_account)]


async def _reverse(tx: AsyncSession, placed: Placed, opened: Sequence[Command], *, now: datetime) -> None:
    order = placed.order
    reached = await reached_by(tx, order)
    passage = await passage_of(tx, placed, reached, now=now)
    commands: list[Command] = [*opened, *passage.before]
    for account, minutes in reached.items():
        if account in passage.accounts:  # it came from her home a moment ago, or was not there
            continue
        # held for an instant, so that it is known under the locks of this call that all of it is still there
        name = f"{order.key}:undo:{account}"
        commands += [
            Hold(key=name, account=account, amount=minutes, expires_at=now + A_MOMENT, reference=order.key),
            Release(key=f"{name}:release", hold_key=name),
        ]
    if order.minutes:
        commands.append(Reverse(key=f"{order.key}:undo", entry_key=order.key, occurred_at=now, reason=order.key))
    try:
        async with tx.begin_nested():
            await timebank.apply(tx, [*commands, *passage.after], now=now)
    except InsufficientBalance as error:
        raise AlreadySpent from error
    except CapReached as error:
        raise GiverFull(cap=error.data.get("cap")) from error
