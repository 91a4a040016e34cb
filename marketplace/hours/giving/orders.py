"""Orders placed and carried out. Up to the rule set's limit an order is carried out at once; above it the minutes are
held until a second person agrees. Each call writes to the ledger once; what the ledger refuses changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.hours.books import pool_account
from marketplace.hours.giving.entries import Around, Placed, hold, post
from marketplace.hours.giving.models import ORDER_STEPS, TransferLine, TransferOrder
from marketplace.hours.members.errors import DelegationMissing
from marketplace.hours.members.proxies import Right, is_family_of, require_no_benefit, right_over
from marketplace.hours.models import Member

CHANGED = "order.changed"
ORDER_DUE = "order.due"

Destination = Literal["member", "branch", "city"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One transfer to be: from whose account to which, how much, and which permission it uses; an heir's `parts`."""

    source: UUID
    destination: Destination
    account: UUID
    minutes: int
    giver_id: UUID | None = None
    receiver_id: UUID | None = None
    counts_as: Literal["gift", "donation"] | None = None
    consent: Literal["asked"] | None = None
    parts: int | None = None


def to_pool(giver: Member, branch: UUID, minutes: int, *, counts_as: Literal["donation"] | None = None) -> Draft:
    """What goes to the pool of a branch."""
    return Draft(
        source=giver.ledger_account,
        giver_id=giver.id,
        destination="branch",
        account=pool_account(branch),
        minutes=minutes,
        counts_as=counts_as,
    )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The schedule that placed an order, which occurrence it is, and who had asked for the schedule."""

    schedule_id: UUID
    at: datetime
    asked_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall become an order. `acted_as` is the right of who asks for the member `on_behalf_of`.

    `needs_second` None: judged by the rule set's limit.
    """

    kind: str
    district_id: UUID
    lines: Sequence[Draft]
    giver_id: UUID | None = None
    on_behalf_of: UUID | None = None
    acted_as: Right | None = None
    reason: str | None = None
    proof: str | None = None
    owed_minutes: int = 0
    occurrence: Occurrence | None = None
    executes_at: datetime | None = None
    needs_second: bool | None = None


def above_limit(minutes: int, policy: Policy) -> bool:
    """Must a second person agree to so much?"""
    return minutes > policy.timebank.giving.second_person_above_minutes


def decided_until(policy: Policy, *, now: datetime) -> datetime:
    """What waits for a second person from now on expires then."""
    return now + timedelta(days=policy.timebank.giving.decision_days)


async def place(
    tx: AsyncSession, wish: Wish, *, policy: Policy, actor: Actor, now: datetime, around: Around | None = None
) -> Placed:
    """Write the order down and carry it out, or hold its minutes until a second person agrees.

    `NotEnoughMinutes`, `ReceiverFull`, `OwnBenefit`.
    """
    minutes = sum(line.minutes for line in wish.lines)
    waits = above_limit(minutes, policy) if wish.needs_second is None else wish.needs_second
    placed = await write(tx, wish, "pending" if waits else "done", policy=policy, actor=actor, now=now)
    if wish.on_behalf_of is not None or wish.giver_id is None:
        receivers = {line.receiver_id for line in wish.lines}
        await require_no_benefit(tx, receivers, account_id=placed.order.asked_by)
    around = around or Around()
    if waits:
        await hold(tx, placed, placed.lines, now=now, before=around.before)
    else:
        await post(tx, placed, around, now=now)
    return placed


async def write(tx: AsyncSession, wish: Wish, state: str, *, policy: Policy, actor: Actor, now: datetime) -> Placed:
    """The order's rows, its audit row, its message and, while it waits, its timer; the ledger is not asked."""
    occurrence = wish.occurrence
    order = TransferOrder(
        kind=wish.kind,
        state=state,
        district_id=wish.district_id,
        giver_id=wish.giver_id,
        asked_by=occurrence.asked_by if occurrence else actor.account_id,
        on_behalf_of=wish.on_behalf_of,
        acted_as=wish.acted_as,
        minutes=sum(line.minutes for line in wish.lines),
        owed_minutes=wish.owed_minutes,
        reason=wish.reason,
        proof=wish.proof,
        policy=policy.stamp,
        asked_at=now,
        executes_at=wish.executes_at,
        expires_at=decided_until(policy, now=now) if state == "pending" else None,
        done_at=now if state == "done" else None,
        schedule_id=occurrence.schedule_id if occurrence else None,
        occurs_at=occurrence.at if occurrence else None,
    )
    tx.add(order)
    await tx.flush()
    lines = [_line(order, place, draft) for place, draft in enumerate(wish.lines)]
    tx.add_all(lines)
    await tx.flush()
    await _tell_of(tx, order, actor)
    if order.state != "done":  # a new one has no timer to drop
        await _arm(tx, order)
    return Placed(order, lines)


async def _arm(tx: AsyncSession, order: TransferOrder) -> None:
    """What waits has a timer: a collection until it is carried out, anything else until nobody may decide any more."""
    due_at = {"collecting": order.executes_at, "pending": order.expires_at}.get(order.state)
    if due_at is None:
        await timers.drop_timer(tx, ORDER_DUE, order.id)
    else:
        await timers.set_timer(tx, ORDER_DUE, order.id, due_at)


def _line(order: TransferOrder, place: int, draft: Draft) -> TransferLine:
    return TransferLine(
        order_id=order.id,
        place=place,
        source_account=draft.source,
        giver_id=draft.giver_id,
        destination=draft.destination,
        destination_account=draft.account,
        receiver_id=draft.receiver_id,
        minutes=draft.minutes,
        counts_as=draft.counts_as,
        consent=draft.consent,
        parts=draft.parts,
    )


async def _tell_of(tx: AsyncSession, order: TransferOrder, actor: Actor) -> None:
    behalf = {"on_behalf_of": _text(order.on_behalf_of), "acted_as": order.acted_as}
    detail = {"kind": order.kind, "minutes": order.minutes, **behalf}
    audit.note(tx, f"order.{order.state}", actor=actor, entity="transfer_order", entity_id=order.id, **detail)
    await outbox.send(tx, CHANGED, order_id=order.id, state=order.state, by=str(actor.account_id or ""))


def _text(one: UUID | None) -> str | None:
    return None if one is None else str(one)


async def step(
    tx: AsyncSession, order: TransferOrder, to: str, *, actor: Actor, now: datetime, reason: str | None = None
) -> None:
    """Take the locked order to another state, with its log, audit row, message and timer. `IllegalTransition`."""
    if to == "done":
        order.done_at = now
    await move(tx, order, to, ORDER_STEPS, actor=actor, now=now, reason=reason, on_behalf_of=order.on_behalf_of)
    await _arm(tx, order)
    await _tell_of(tx, order, actor)


async def locked(tx: AsyncSession, order_id: UUID) -> Placed:
    """The order with its row locked, as it is now, and its lines. `Unknown`."""
    query = select(TransferOrder).where(col(TransferOrder.id) == order_id).with_for_update()
    order = await tx.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise Unknown(what="order")
    return Placed(order, await lines_of(tx, order.id))


async def lines_of(tx: AsyncSession, order_id: UUID) -> list[TransferLine]:
    """The lines of an order, in their order."""
    query = select(TransferLine).where(col(TransferLine.order_id) == order_id).order_by(col(TransferLine.place))
    return list(await tx.scalars(query.execution_options(populate_existing=True)))


async def acts_for_giver(tx: AsyncSession, order: TransferOrder, *, actor: Actor, now: datetime) -> bool:
    """Is the actor the giver, or who may act for her otherwise than as an officer? `DelegationMissing`."""
    if order.giver_id is None:
        return False
    giver = await tx.get_one(Member, order.giver_id)
    right = await right_over(tx, giver, scope="pay", actor=actor, now=now)
    if right is None and await is_family_of(tx, giver.elder_id, scope="view", actor=actor, now=now):
        raise DelegationMissing(scope="pay")
    return right not in {None, "officer"}
