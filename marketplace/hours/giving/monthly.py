"""A month's grants of a branch at once: what waits for a second person, what programmes would issue, what the pool
would grant after that. Each is a line that is chosen or not, and has an answer of its own.

A line is carried out as it was read, or refused: what somebody else did meanwhile never makes it another amount. What
one left out would have had goes to nobody else. All that is carried out is one transaction and one call of the ledger.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import DomainError, Unknown
from marketplace.base.policy import Policy
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import available_minutes, pool_account
from marketplace.hours.giving import allocating, issuing
from marketplace.hours.giving.allocating import Allocation
from marketplace.hours.giving.batches import Decision, decide_all, waiting_grants
from marketplace.hours.giving.errors import GrantChanged, NothingDue
from marketplace.hours.giving.issuing import Issues
from marketplace.hours.giving.key_elders import KeyElder, in_turn, key_elders_of, month_of
from marketplace.hours.giving.models import TransferLine, TransferOrder
from marketplace.hours.members.errors import OwnBenefit
from marketplace.hours.members.proxies import own_among

Source = Literal["waiting", "programme", "pool"]
SOURCES: tuple[Source, ...] = get_args(Source)
APPROVE = Decision(verdict="approve", reason=None, dry_run=False)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A line: an order that waits (`id` is the order's), or what a programme or the pool would grant (the member's)."""

    source: Source
    id: UUID
    member_id: UUID
    minutes: int
    reason: str | None
    asked_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that was chosen, with the minutes that were read."""

    source: Source
    id: UUID
    minutes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a chosen line."""

    wanted: Wanted
    refusal: DomainError | None = None


@dataclass(frozen=True, slots=True)
class MonthGrants:
    """What a branch may grant in a month, the runs behind it, and what its pool has and would still lack.

    What waits is set aside already: `pool_minutes` are without it.
    """

    lines: tuple[Proposed, ...]
    issues: Issues
    allocation: Allocation

    @property
    def pool_minutes(self) -> int:
        """What the pool can give."""
        return self.allocation.pool_minutes


@dataclass(frozen=True, slots=True)
class Carried:
    """An answer for every chosen line, and what the pool can give after them."""

    answers: tuple[Answer, ...]
    pool_minutes: int


async def proposed(
    tx: AsyncSession, district_id: UUID, month: date, *, policy: Policy, actor: Actor, now: datetime
) -> MonthGrants:
    """All lines of a month. A month that is not this one has only what waits. `Unknown`."""
    waiting = await _waiting(tx, await waiting_grants(tx, district_id, month, after=None, limit=None, actor=actor))
    issues, allocation = await _runs(tx, district_id, policy=policy, now=now)
    if month.replace(day=1) != month_of(now):
        issues, allocation = replace(issues, issued=(), missing=()), replace(allocation, turns=(), short_minutes=0)
    return MonthGrants((*waiting, *_lines_of(issues, allocation)), issues, allocation)


async def grant_month(
    tx: AsyncSession,
    district_id: UUID,
    wanted: Sequence[Wanted],
    *,
    dry_run: bool,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Carried:
    """Carry out the chosen lines, or say what would become of them: a dry run does it all and takes it back.

    Each refused by itself: `NothingDue`, `GrantChanged`, `OwnBenefit`, what `deciding.approve` refuses. All: `Stale`,
    if the ledger refuses what this moment's figures allowed.
    """
    savepoint = await tx.begin_nested()
    carried = await _carried(tx, district_id, wanted, policy=policy, actor=actor, now=now)
    await (savepoint.rollback() if dry_run else savepoint.commit())
    return carried


async def _carried(
    tx: AsyncSession, district_id: UUID, wanted: Sequence[Wanted], *, policy: Policy, actor: Actor, now: datetime
) -> Carried:
    issues, allocation = await _runs(tx, district_id, policy=policy, now=now)
    due = {(one.source, one.id): one.minutes for one in _lines_of(issues, allocation)}
    minutes_of = await _orders_of(tx, district_id, {one.id for one in wanted if one.source == "waiting"})
    due |= {("waiting", order_id): minutes for order_id, minutes in minutes_of.items()}
    # who chooses lines chooses none of her own; of what waits `deciding.approve` says so
    own = await own_among(tx, {one.id for one in wanted if one.source != "waiting"}, account_id=actor.account_id)
    refusals = {one: refusal for one in wanted if (refusal := _judged(one, due, own))}
    chosen = {source: {one.id for one in wanted if one.source == source and one not in refusals} for source in SOURCES}
    issues = replace(issues, issued=tuple(one for one in issues.issued if one.elder.member.id in chosen["programme"]))
    turns = tuple(one for one in allocation.turns if one.elder.member.id in chosen["pool"])
    commands = await issuing.written(tx, issues, policy=policy, now=now)
    allocation = replace(allocation, turns=turns)
    commands += await allocating.written(tx, allocation, policy=policy, actor=actor, now=now)
    waiting = list(chosen["waiting"])
    rows = await decide_all(tx, waiting, APPROVE, rules=policy.timebank, actor=actor, now=now, also=commands)
    undecided = {row.order_id: row.refusal for row in rows}
    answers = tuple(Answer(one, refusals.get(one) or undecided.get(one.id)) for one in wanted)
    return Carried(answers, await available_minutes(tx, pool_account(district_id), now=now))


def _judged(one: Wanted, due: Mapping[tuple[Source, UUID], int], own: Collection[UUID]) -> DomainError | None:
    minutes = due.get((one.source, one.id))
    if minutes is None:
        return Unknown(what="order") if one.source == "waiting" else NothingDue()
    if minutes != one.minutes:
        return GrantChanged(minutes=minutes)
    return OwnBenefit() if one.id in own else None


async def _runs(tx: AsyncSession, district_id: UUID, *, policy: Policy, now: datetime) -> tuple[Issues, Allocation]:
    """What programmes would issue now, and what the pool would grant if they had."""
    rules = policy.timebank
    issues = await issuing.planned(tx, district_id, policy=policy, now=now)
    pool = await available_minutes(tx, pool_account(district_id), now=now)
    elders = await _after(tx, issues, district_id, rules=rules, now=now)
    turns, short = allocating.share_out(pool, elders)
    return issues, Allocation(district_id, pool, turns, short, dry_run=True, waits=False)


async def _after(
    tx: AsyncSession, issues: Issues, district_id: UUID, *, rules: TimeBankRules, now: datetime
) -> list[KeyElder]:
    """Key elders in their turn, as they would stand after the issues. Minutes that wait for her take room as well."""
    issued = {one.elder.member.id: one.minutes for one in issues.issued}
    waiting = await _waiting_minutes(tx, district_id)
    elders = await key_elders_of(tx, district_id, rules=rules, now=now)
    return in_turn(_with(one, issued.get(one.member.id, 0), waiting[one.member.id]) for one in elders)


def _with(elder: KeyElder, issued: int, waiting: int) -> KeyElder:
    room = None if elder.room_minutes is None else max(0, elder.room_minutes - issued - waiting)
    return replace(elder, received_minutes=elder.received_minutes + issued, room_minutes=room)


def _lines_of(issues: Issues, allocation: Allocation) -> list[Proposed]:
    lines = [_line("programme", one.elder, one.minutes, one.reason) for one in issues.issued]
    return lines + [_line("pool", one.elder, one.minutes, one.reason) for one in allocation.turns]


def _line(source: Source, elder: KeyElder, minutes: int, reason: str) -> Proposed:
    return Proposed(source, elder.member.id, elder.member.id, minutes, reason)


async def _waiting(tx: AsyncSession, ids: Collection[UUID]) -> list[Proposed]:
    query = (
        select(TransferOrder, col(TransferLine.receiver_id))
        .join(TransferLine, col(TransferLine.order_id) == col(TransferOrder.id))
        .where(col(TransferOrder.id).in_(ids))
        .order_by(col(TransferOrder.id))
    )
    found: list[Proposed] = []
    for order, to in await tx.execute(query):
        if to is not None:
            found.append(Proposed("waiting", order.id, to, order.minutes, order.reason, order.asked_by))
    return found


async def _waiting_minutes(tx: AsyncSession, district_id: UUID) -> Counter[UUID]:
    query = (
        select(col(TransferLine.receiver_id), col(TransferLine.minutes))
        .join(TransferOrder, col(TransferOrder.id) == col(TransferLine.order_id))
        .where(col(TransferOrder.district_id) == district_id)
        .where(col(TransferOrder.kind) == "pool_grant", col(TransferOrder.state) == "pending")
    )
    found: Counter[UUID] = Counter()
    for member_id, minutes in await tx.execute(query):
        if member_id is not None:
            found[member_id] += minutes
    return found


async def _orders_of(tx: AsyncSession, district_id: UUID, ids: Collection[UUID]) -> dict[UUID, int]:
    """Those of these orders by which the branch's pool grants, with their minutes."""
    query = select(col(TransferOrder.id), col(TransferOrder.minutes)).where(
        col(TransferOrder.id).in_(ids),
        col(TransferOrder.district_id) == district_id,
        col(TransferOrder.kind) == "pool_grant",
    )
    return {order_id: minutes for order_id, minutes in await tx.execute(query)}  # noqa: C416 - rows are no pairs to mypy
