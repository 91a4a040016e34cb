"""Many waiting orders decided at once: all of a branch's grants of a month, or a list, each with an answer of its own.

Who asked, gives or receives decides none of them, as one by one. One transaction; the ledger is tried first and called
at its end, so that a pool that others wait for is locked for a moment. An order that the ledger refuses is answered so
and leaves the others alone. A dry run tries the ledger too, and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor
from marketplace.base.clock import local_instant
from marketplace.base.errors import DomainError, Stale, Unknown
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.giving import deciding
from marketplace.hours.giving.entries import Placed, entry_of, readdress, refusal_of, release_commands
from marketplace.hours.giving.errors import OneByOne
from marketplace.hours.giving.models import TransferOrder
from marketplace.hours.giving.orders import step
from marketplace.hours.members.proxies import is_officer_of
from timebank import Command
from timebank.errors import LedgerError

Verdict = Literal["approve", "reject"]
SIMPLE = frozenset({"gift", "donation", "pool_grant", "programme_grant"})  # one hold each, nothing to end before


@dataclass(slots=True)
class Row:
    """An order's answer: decided, or refused and why."""

    order_id: UUID
    kind: str | None = None
    minutes: int = 0
    excess_minutes: int = 0
    receivers: list[UUID] = field(default_factory=list)
    refusal: DomainError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an officer decides about all of them, and why."""

    verdict: Verdict
    reason: str | None
    dry_run: bool


async def waiting_grants(
    tx: AsyncSession, district_id: UUID, month: date, *, after: UUID | None, limit: int | None, actor: Actor
) -> list[UUID]:
    """The branch's pool grants asked for in a month of the city that wait for a second person, after a cursor.

    `Unknown` branch.
    """
    if not await is_officer_of(tx, district_id, actor):
        raise Unknown(pointer="/district_id", what="branch")
    first = month.replace(day=1)
    query = select(col(TransferOrder.id)).where(
        col(TransferOrder.district_id) == district_id,
        col(TransferOrder.kind) == "pool_grant",
        col(TransferOrder.state) == "pending",
        col(TransferOrder.asked_at) >= local_instant(first, time()),
        col(TransferOrder.asked_at) < local_instant(first + relativedelta(months=1), time()),
    )
    if after is not None:
        query = query.where(col(TransferOrder.id) > after)
    return list(await tx.scalars(query.order_by(col(TransferOrder.id)).limit(limit)))


async def decide_all(
    tx: AsyncSession,
    order_ids: Sequence[UUID],
    decision: Decision,
    *,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
    also: Sequence[Command] = (),
) -> list[Row]:
    """Decide these orders, in the order of their ids, each by itself: one refusal keeps no other from being decided.

    The one call of the ledger carries out the commands `also`, after the orders'; `Stale` where it refuses one of them.
    """
    if not decision.dry_run:
        return await _decided(tx, order_ids, decision, rules=rules, actor=actor, now=now, also=also)
    savepoint = await tx.begin_nested()
    rows = await _decided(tx, order_ids, decision, rules=rules, actor=actor, now=now)
    await savepoint.rollback()
    return rows


async def _decided(
    tx: AsyncSession,
    order_ids: Sequence[UUID],
    decision: Decision,
    *,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
    also: Sequence[Command] = (),
) -> list[Row]:
    rows: list[Row] = []
    asked: dict[UUID, _Asked] = {}
    for order_id in sorted(set(order_ids)):  # one order of locking for any two batches
        row = Row(order_id)
        rows.append(row)
        try:
            asked[order_id] = await _ask(tx, row, decision, rules=rules, actor=actor, now=now)
        except DomainError as refusal:
            row.refusal = refusal
    await _try(tx, rows, asked, now=now)
    decided = [asked[row.order_id] for row in rows if row.refusal is None]
    if decision.dry_run or not (decided or also):
        return rows
    for one in decided:
        await _step(tx, one.placed, decision, actor=actor, now=now)
    await _settle(tx, decided, also, now=now)
    return rows


@dataclass(frozen=True, slots=True)
class _Asked:
    """A locked order, and what the ledger is to do for it."""

    placed: Placed
    commands: list[Command]


async def _ask(
    tx: AsyncSession, row: Row, decision: Decision, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> _Asked:
    """Lock an order and judge it as if it came alone. What `deciding.to_decide` refuses, `OneByOne`."""
    placed = await deciding.to_decide(tx, row.order_id, actor=actor, now=now)
    row.kind, row.minutes = placed.order.kind, placed.order.minutes
    row.receivers = [line.receiver_id for line in placed.lines if line.receiver_id is not None]
    if placed.order.kind not in SIMPLE:
        raise OneByOne(kind=placed.order.kind)
    commands = release_commands(placed.order, placed.moving)
    if decision.verdict == "approve":
        await readdress(tx, placed)
        around = await deciding.around_of(tx, placed, rules=rules)
        entry = entry_of(placed, now=now, excess_to=around.excess_to)
        commands += [entry] if entry else []
    return _Asked(placed, commands)


async def _try(tx: AsyncSession, rows: Sequence[Row], asked: dict[UUID, _Asked], *, now: datetime) -> None:
    """Find out whom the ledger would refuse, without keeping its locks while the orders are written."""
    by_id = {row.order_id: row for row in rows}
    while commands := [one for row in rows if row.refusal is None for one in asked[row.order_id].commands]:
        savepoint = await tx.begin_nested()
        try:
            answers = await timebank.apply(tx, commands, now=now)
        except LedgerError as error:
            row = by_id[_order_of(error)]
            refusal = refusal_of(error, row.minutes)
            if not isinstance(refusal, DomainError):
                raise
            row.refusal = refusal
            continue
        finally:
            await savepoint.rollback()
        for answer in answers:
            by_id[_order_in(answer.key)].excess_minutes += answer.excess
        return


async def _settle(tx: AsyncSession, decided: Sequence[_Asked], also: Sequence[Command], *, now: datetime) -> None:
    """The one call of the ledger. `Stale` where somebody was given minutes since it was tried: ask again."""
    by_key = {one.placed.order.key: one.placed.order for one in decided}
    try:
        answers = await timebank.apply(tx, [*(one for each in decided for one in each.commands), *also], now=now)
    except LedgerError as error:
        if "key" not in error.data:
            raise
        raise Stale(key=str(error.data["key"])) from error
    for answer in answers:
        if answer.key in by_key:
            by_key[answer.key].excess_minutes = answer.excess
    await tx.flush()


def _order_of(error: LedgerError) -> UUID:
    """The order whose command the ledger refused; an error that names none is no refusal of a row, and goes on."""
    key = str(error.data.get("key", ""))
    if not key.startswith("order:"):
        raise error
    return _order_in(key)


def _order_in(key: str) -> UUID:
    return UUID(key.split(":")[1])


async def _step(tx: AsyncSession, placed: Placed, decision: Decision, *, actor: Actor, now: datetime) -> None:
    deciding.note_decision(placed, actor=actor, now=now, reason=decision.reason)
    to = "done" if decision.verdict == "approve" else "rejected"
    await step(tx, placed.order, to, actor=actor, now=now, reason=decision.reason)
