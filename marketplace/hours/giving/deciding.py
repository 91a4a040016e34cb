"""The second person: another officer agrees to an order above the limit, or does not. What nobody decides expires."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import SecondPersonNeeded
from marketplace.hours.giving import collecting, donations, inheritance, leaving
from marketplace.hours.giving.entries import Around, Placed, post, readdress, release_commands
from marketplace.hours.giving.errors import OrderOver
from marketplace.hours.giving.estate import INHERITANCE, lock_orders_with
from marketplace.hours.giving.orders import locked, step
from marketplace.hours.members.proxies import is_officer_of, require_no_benefit
from marketplace.hours.models import Member


async def approve(
    tx: AsyncSession, order_id: UUID, *, rules: TimeBankRules, actor: Actor, now: datetime, reason: str | None
) -> Placed:
    """Agree: the order is carried out.

    `Unknown` beyond the officer's reach, `SecondPersonNeeded` for who asked, `OwnBenefit` for who gives or receives,
    `OrderOver`, `NotEnoughMinutes`, `ReceiverFull`, and what ending a membership refuses.
    """
    await lock_orders_with(tx, order_id)
    placed = await to_decide(tx, order_id, actor=actor, now=now)
    around, held = await around_of(tx, placed, rules=rules), placed.moving
    if placed.order.kind == INHERITANCE:
        around, held = await inheritance.complete(tx, placed, actor=actor, now=now), []
    elif placed.order.kind == leaving.LEAVING:
        around, held = await leaving.complete(tx, placed, actor=actor, now=now), []
    note_decision(placed, actor=actor, now=now, reason=reason)
    await readdress(tx, placed)
    await step(tx, placed.order, "done", actor=actor, now=now, reason=reason)
    await post(tx, placed, around, now=now, held=held)
    return placed


async def around_of(tx: AsyncSession, placed: Placed, *, rules: TimeBankRules) -> Around:
    """What passes a donee's cap goes to her pool, by what she has chosen now; any other order fits or is refused."""
    receiver_id = placed.lines[0].receiver_id if placed.order.kind == "donation" else None
    if receiver_id is None:
        return Around()
    return Around(excess_to=donations.excess_of(await tx.get_one(Member, receiver_id), rules))


async def reject(tx: AsyncSession, order_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Placed:
    """Do not agree: what was held is free again. Errors as of `approve`."""
    placed = await to_decide(tx, order_id, actor=actor, now=now)
    note_decision(placed, actor=actor, now=now, reason=reason)
    await _end(tx, placed, "rejected", actor=actor, now=now, reason=reason)
    return placed


def note_decision(placed: Placed, *, actor: Actor, now: datetime, reason: str | None) -> None:
    """Write down who decided, when and why."""
    placed.order.decided_by, placed.order.decided_at, placed.order.decision = actor.account_id, now, reason


async def to_decide(tx: AsyncSession, order_id: UUID, *, actor: Actor, now: datetime) -> Placed:
    """The waiting order with its row locked, for who may decide it. Errors as of `approve`."""
    placed = await locked(tx, order_id)
    order = placed.order
    if not await is_officer_of(tx, order.district_id, actor):
        raise Unknown(what="order")
    if order.state != "pending" or order.expires_at is None or order.expires_at <= now:
        raise OrderOver(state=order.state)
    if actor.account_id == order.asked_by:
        raise SecondPersonNeeded
    concerned = {order.giver_id, *(one for line in placed.lines for one in (line.giver_id, line.receiver_id))}
    await require_no_benefit(tx, concerned, account_id=actor.account_id)
    return placed


async def cancel(tx: AsyncSession, placed: Placed, *, actor: Actor, now: datetime, reason: str) -> None:
    """Take back a locked order that waits. `OrderOver`."""
    if placed.order.state not in {"pending", "collecting"}:
        raise OrderOver(state=placed.order.state)
    await _end(tx, placed, "cancelled", actor=actor, now=now, reason=reason)


async def due(tx: AsyncSession, order_id: UUID, *, policy: Policy, now: datetime) -> None:
    """A waiting order's time has come: a collection is carried out with what it has, anything else expires."""
    placed = await locked(tx, order_id)
    order = placed.order
    if order.state == "collecting" and order.executes_at is not None and order.executes_at <= now:
        await collecting.finish(tx, placed, policy=policy, now=now)
    elif order.state == "pending" and order.expires_at is not None and order.expires_at <= now:
        await _end(tx, placed, "expired", actor=Actor.system(), now=now, reason="nobody decided")


async def _end(tx: AsyncSession, placed: Placed, to: str, *, actor: Actor, now: datetime, reason: str) -> None:
    await step(tx, placed.order, to, actor=actor, now=now, reason=reason)
    await timebank.apply(tx, release_commands(placed.order, placed.moving), now=now)
