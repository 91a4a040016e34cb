"""Key elders: who comes first when a branch's pool gives, in the groups' order of the rule set.

An elder belongs to the first group whose categories and ages are hers. Her group's `month_minutes` are promised to her
every month: issued by a programme if one is in force for her, else granted by her branch's pool. What she has received
this month by either, or by tasks that the pool pays, counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import locks
from marketplace.base.clock import local_day, local_instant
from marketplace.base.timebank_rules import KeyElders, TimeBankRules
from marketplace.hours.books import available_minutes, pool_account
from marketplace.hours.giving.models import KeyGrant, TransferLine, TransferOrder
from marketplace.hours.members.relatives import age_on
from marketplace.hours.models import Member, Task
from marketplace.people.models import Elder
from timebank.models import LedgerAccount

STANDING = ("pending", "done")  # orders whose minutes are granted, or set aside to be
UNSERVED = ("missed", "expired", "cancelled")
_BY_POOL = and_(col(TransferOrder.kind) == "pool_grant", col(TransferOrder.state).in_(STANDING))
_ROOM = col(LedgerAccount.cap) - col(LedgerAccount.posted)


@dataclass(frozen=True, slots=True)
class KeyElder:
    """A member of the branch who comes first: her group's place in the rule set, what the month promises and gave."""

    elder_id: UUID
    member: Member
    categories: frozenset[str]
    rank: int
    group: KeyElders
    received_minutes: int
    waiting_since: datetime
    room_minutes: int | None = None  # what the cap of her account still takes; None: there is no cap

    @property
    def due_minutes(self) -> int:
        """What the month still promises her."""
        return self.due(self.group.month_minutes)

    def due(self, promised: int) -> int:
        """What she lacks of so many minutes this month, as far as her account takes them."""
        due = max(0, promised - self.received_minutes)
        return due if self.room_minutes is None else min(due, self.room_minutes)


def group_of(
    categories: Sequence[str], birth_on: date, day: date, rules: TimeBankRules
) -> tuple[int, KeyElders] | None:
    """The first group of the rule set to which somebody of that age and those categories belongs, with its place."""
    age = age_on(birth_on, day)
    for rank, group in enumerate(rules.key_elders, start=1):
        old_enough = group.from_age <= age and (group.to_age is None or age <= group.to_age)
        if old_enough and set(group.categories) <= set(categories):
            return rank, group
    return None


def in_words(rank: int, group: KeyElders) -> str:
    """A group as reasons name it: `group 1 (empty_nest, from 80)`."""
    ages = f"from {group.from_age}" if group.to_age is None else f"{group.from_age} to {group.to_age}"
    return f"group {rank} ({', '.join([*group.categories, ages])})"


def month_of(now: datetime) -> date:
    """The city's month, as its first day."""
    return local_day(now).replace(day=1)


async def one_at_a_time(tx: AsyncSession, district_id: UUID) -> None:
    """Wait for any other run of this branch's grants: both would promise the same minutes."""
    await locks.wait_for(tx, f"key-elders:{district_id}", seed=locks.HOURS)


async def key_grants_of(tx: AsyncSession, district_id: UUID, month: date) -> list[KeyGrant]:
    """What the branch's key elders were granted in a month, in the order of granting."""
    query = select(KeyGrant).where(col(KeyGrant.district_id) == district_id, col(KeyGrant.month) == month)
    return list(await tx.scalars(query.order_by(col(KeyGrant.id))))


async def key_elders_of(tx: AsyncSession, district_id: UUID, *, rules: TimeBankRules, now: datetime) -> list[KeyElder]:
    """The branch's key elders in the order in which its pool grants: by group, in a group who received least this
    month, then who waits longest (since her last grant of the pool, or since she joined)."""
    rows = await tx.execute(
        select(Member, col(Elder.id), col(Elder.categories), col(Elder.birth_on), _ROOM)
        .join(Elder, col(Elder.id) == col(Member.elder_id))  # visible: a branch's run over all of its own members
        .join(LedgerAccount, col(LedgerAccount.id) == col(Member.ledger_account))
        .where(col(Member.district_id) == district_id, col(Member.state) == "active", col(Elder.state) == "active")
    )
    issued, granted, helped = [await _sums(tx, query) for query in _received(district_id, month_of(now))]
    granted_at = await _last_grants(tx, district_id)
    found = []
    for member, elder_id, categories, birth_on, room in rows:
        belongs = group_of(categories, birth_on, local_day(now), rules)
        if belongs is not None:
            since = granted_at.get(member.id, member.joined_at)
            got = issued.get(member.id, 0) + granted.get(member.id, 0) + helped.get(elder_id, 0)
            left = None if room is None else max(0, room)
            found.append(KeyElder(elder_id, member, frozenset(categories), *belongs, got, since, left))
    return in_turn(found)


def in_turn(elders: Iterable[KeyElder]) -> list[KeyElder]:
    """By group, in a group who received least this month, then who waits longest."""
    return sorted(elders, key=lambda one: (one.rank, one.received_minutes, one.waiting_since, one.elder_id))


def _received(district_id: UUID, month: date) -> tuple[Any, Any, Any]:
    """Queries of what this month gave: issues and grants of the pool by member, tasks that the pool pays by elder."""
    issued = (
        select(col(KeyGrant.member_id), func.sum(col(KeyGrant.minutes)))
        .where(col(KeyGrant.month) == month, col(KeyGrant.programme_id).is_not(None))
        .group_by(col(KeyGrant.member_id))
    )
    granted = (
        select(col(TransferLine.receiver_id), func.sum(col(TransferLine.minutes)))
        .join(TransferOrder, col(TransferOrder.id) == col(TransferLine.order_id))
        .where(_BY_POOL, col(TransferOrder.district_id) == district_id)
        .where(col(TransferOrder.asked_at) >= local_instant(month, time()))
        .group_by(col(TransferLine.receiver_id))
    )
    helped = (
        select(col(Task.elder_id), func.sum(func.coalesce(col(Task.verified_minutes), col(Task.minutes))))
        .where(
            col(Task.source_account) == pool_account(district_id),
            col(Task.published_at) >= local_instant(month, time()),
            col(Task.state).not_in(UNSERVED),
        )
        .group_by(col(Task.elder_id))
    )
    return issued, granted, helped


async def _sums(tx: AsyncSession, query: Any) -> dict[UUID | None, int]:
    return {owner: int(minutes) for owner, minutes in await tx.execute(query)}


async def _last_grants(tx: AsyncSession, district_id: UUID) -> dict[UUID | None, datetime]:
    query = (
        select(col(TransferLine.receiver_id), func.max(col(TransferOrder.asked_at)))
        .join(TransferOrder, col(TransferOrder.id) == col(TransferLine.order_id))
        .where(_BY_POOL, col(TransferOrder.district_id) == district_id)
        .group_by(col(TransferLine.receiver_id))
    )
    return {member_id: at for member_id, at in await tx.execute(query)}  # noqa: C416 - rows are no pairs to mypy


@dataclass(frozen=True, slots=True)
class PoolShare:
    """What a branch's pool can give for one elder, and why so much."""

    account: UUID
    available_minutes: int
    because: str


async def pool_for(tx: AsyncSession, elder: Elder, *, rules: TimeBankRules, now: datetime) -> PoolShare:
    """A key elder may have all of the pool of her branch; anybody else what is left above what key elders are promised
    this month and have not received."""
    account = pool_account(elder.district_id)
    available = await available_minutes(tx, account, now=now)
    belongs = group_of(elder.categories, elder.birth_on, local_day(now), rules)
    if belongs is not None:
        return PoolShare(account, available, f"donated to the branch, for key elders of {in_words(*belongs)}")
    promised = 0
    if available and any(group.month_minutes for group in rules.key_elders):
        await one_at_a_time(tx, elder.district_id)  # of two who ask at once the second sees what the first took
        available = await available_minutes(tx, account, now=now)
        promised = sum(one.due_minutes for one in await key_elders_of(tx, elder.district_id, rules=rules, now=now))
    because = f"donated to the branch, {promised} kept for key elders" if promised else "donated to the branch"
    return PoolShare(account, max(0, available - promised), because)
