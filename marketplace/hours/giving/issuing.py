"""Every month a programme issues to key elders what their group is promised, once, never above its ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import outbox
from marketplace.base.clock import local_day
from marketplace.base.policy import Policy
from marketplace.hours.books import available_minutes, programme_account
from marketplace.hours.giving.key_elders import KeyElder, in_words, key_elders_of, month_of, one_at_a_time
from marketplace.hours.giving.models import KeyGrant
from marketplace.hours.models import Programme
from timebank import Command, Post, Transfer

ISSUE = "issue"  # the kind of entry by which a programme issues a month's minutes
ISSUED = "key_elder.issued"


@dataclass(frozen=True, slots=True)
class Issue:
    """One elder's minutes of a month and the programme that issues them; None where no programme can."""

    elder: KeyElder
    minutes: int
    programme: Programme | None
    reason: str


@dataclass(frozen=True, slots=True)
class Issues:
    """A branch's run of a month: what was issued, and to whom nothing could be."""

    district_id: UUID
    month: date
    issued: tuple[Issue, ...]
    missing: tuple[Issue, ...]
    dry_run: bool

    @property
    def issued_minutes(self) -> int:
        """What the run issues in all."""
        return sum(one.minutes for one in self.issued)


async def issue(tx: AsyncSession, district_id: UUID, *, dry_run: bool, policy: Policy, now: datetime) -> Issues:
    """Issue this month's minutes to whoever of the branch's key elders has not had them; a dry run writes nothing."""
    run = await planned(tx, district_id, policy=policy, now=now)
    if not dry_run:
        await timebank.apply(tx, await written(tx, run, policy=policy, now=now), now=now)
    return replace(run, dry_run=dry_run)


async def planned(tx: AsyncSession, district_id: UUID, *, policy: Policy, now: datetime) -> Issues:
    """What this month's run would issue, while no other run of the branch can."""
    await one_at_a_time(tx, district_id)
    month = month_of(now)
    had = set(
        await tx.scalars(
            select(col(KeyGrant.elder_id)).where(col(KeyGrant.month) == month, col(KeyGrant.programme_id).is_not(None))
        )
    )
    elders = await key_elders_of(tx, district_id, rules=policy.timebank, now=now)
    waiting = [one for one in elders if one.group.month_minutes and one.elder_id not in had]
    programmes = await programmes_of(tx, district_id, now=now)
    left = {one.id: await available_minutes(tx, programme_account(one.id), now=now) for one in programmes}
    found = [_planned(one, programmes, left) for one in waiting]
    return Issues(
        district_id,
        month,
        tuple(one for one in found if one.programme is not None),
        tuple(one for one in found if one.programme is None),
        dry_run=True,
    )


def _planned(elder: KeyElder, programmes: Sequence[Programme], left: dict[UUID, int]) -> Issue:
    """The first programme for her with enough below its ceiling; `left` is lessened by what it issues."""
    promised, belongs = elder.group.month_minutes, in_words(elder.rank, elder.group)
    minutes = promised if elder.room_minutes is None else min(promised, elder.room_minutes)
    if not minutes:
        return Issue(elder, minutes, None, f"{belongs}: her account is full")
    serving = [one for one in programmes if elder.categories & set(one.categories)]
    for programme in serving:
        if left[programme.id] >= minutes:
            left[programme.id] -= minutes
            return Issue(elder, minutes, programme, f"{belongs}: {promised} a month")
    why = "the ceiling is reached" if serving else "no programme is in force for her"
    return Issue(elder, minutes, None, f"{belongs}: {why}")


async def programmes_of(tx: AsyncSession, district_id: UUID, *, now: datetime) -> list[Programme]:
    """Programmes in force in a district: its own before the city's, older before newer."""
    day = local_day(now)
    query = (
        select(Programme)
        .where(
            col(Programme.state) == "active",
            col(Programme.valid_from) <= day,
            col(Programme.valid_until) >= day,
            or_(col(Programme.district_id) == district_id, col(Programme.district_id).is_(None)),
        )
        .order_by(col(Programme.district_id).is_(None), col(Programme.authorised_at), col(Programme.id))
    )
    return list(await tx.scalars(query))


async def written(tx: AsyncSession, run: Issues, *, policy: Policy, now: datetime) -> list[Command]:
    """Write down what the run issues, with its messages; the ledger's commands for it."""
    commands: list[Command] = []
    for turn, one in enumerate(run.issued, start=1):
        if one.programme is None:
            continue
        row = KeyGrant(
            district_id=run.district_id,
            elder_id=one.elder.elder_id,
            member_id=one.elder.member.id,
            month=run.month,
            programme_id=one.programme.id,
            group_rank=one.elder.rank,
            turn=turn,
            reason=one.reason,
            minutes=one.minutes,
            policy=policy.stamp,
            granted_at=now,
        )
        tx.add(row)
        await outbox.send(tx, ISSUED, member_id=row.member_id, minutes=row.minutes)
        move = Transfer(programme_account(one.programme.id), one.elder.member.ledger_account, one.minutes)
        commands.append(Post(key=row.key, transfers=(move,), kind=ISSUE, reference=row.key, occurred_at=now))
    await tx.flush()
    return commands
