"""Where an earned hour comes from, decided in one place with its reason.

A named payer pays or nobody does. Else, in order: the beneficiary's own minutes (from the age on from which the rule
set lets them be spent), the pool of her branch (key elders first), a programme in force for her category. A source pays
the whole task or nothing of it; if none can, the task is not published.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import available_minutes, programme_account
from marketplace.hours.errors import NoHoursSource
from marketplace.hours.giving.key_elders import pool_for
from marketplace.hours.members.finding import member_of_account, member_of_elder
from marketplace.hours.members.programmes import programmes_for
from marketplace.hours.members.relatives import old_enough, redeeming_relation, require_old_enough
from marketplace.hours.models import Member
from marketplace.people.models import Elder

PaidBy = Literal["auto", "elder", "me"]
Kind = Literal["own", "relative", "pool", "programme"]


@dataclass(frozen=True, slots=True)
class Purse:
    """An account that might pay: whose (a member's, district's or programme's id), why it may, what it can give."""

    kind: Kind
    owner_id: UUID
    account: UUID
    available_minutes: int
    because: str


@dataclass(frozen=True, slots=True)
class Source:
    """The purse that pays, the reason in words of record, and what every purse that was asked had."""

    purse: Purse
    reason: str
    considered: tuple[dict[str, object], ...]


def decide(minutes: int, purses: Sequence[Purse]) -> Source:
    """The first purse that has all the minutes. `NoHoursSource` with what each had."""
    considered = tuple(
        {key: str(value) if isinstance(value, UUID) else value for key, value in asdict(purse).items()}
        for purse in purses
    )
    for place, purse in enumerate(purses):
        if purse.available_minutes >= minutes:
            before = "".join(f"{one.kind} has {one.available_minutes}, " for one in purses[:place])
            reason = f"{before}{purse.kind} has {purse.available_minutes} of {minutes}: {purse.because}"
            return Source(purse, reason, considered)
    raise NoHoursSource(
        needed=minutes,
        considered=[{"kind": one.kind, "available_minutes": one.available_minutes} for one in purses],
    )


async def find_source(
    tx: AsyncSession,
    elder: Elder,
    minutes: int,
    *,
    paid_by: PaidBy,
    account_id: UUID | None,
    rules: TimeBankRules,
    now: datetime,
) -> Source:
    """Who pays `minutes` for this elder. `account_id` is the actor's, for `me`. `NoHoursSource`, `NotRedeemable`."""
    if paid_by == "me" and account_id is not None:
        relation = await redeeming_relation(tx, account_id, elder, rules=rules, now=now)
        if relation != "self":
            payer = await member_of_account(tx, account_id)
            return decide(minutes, await _members(tx, payer, "relative", f"redeemed by a {relation}", now=now))
    if paid_by != "auto":
        require_old_enough(elder, rules=rules, now=now)
        return decide(minutes, await _own(tx, elder, now=now))
    own = await _own(tx, elder, now=now) if old_enough(elder, rules=rules, now=now) else []
    pool = await _pool(tx, elder, rules=rules, now=now)
    return decide(minutes, [*own, pool, *await _programmes(tx, elder, now=now)])


async def _own(tx: AsyncSession, elder: Elder, *, now: datetime) -> list[Purse]:
    return await _members(tx, await member_of_elder(tx, elder.id), "own", "the beneficiary's own", now=now)


async def _members(tx: AsyncSession, member: Member | None, kind: Kind, because: str, *, now: datetime) -> list[Purse]:
    if member is None or member.state != "active" or not member.may_redeem:
        return []
    available = await available_minutes(tx, member.ledger_account, now=now)
    return [Purse(kind, member.id, member.ledger_account, available, because)]


async def _pool(tx: AsyncSession, elder: Elder, *, rules: TimeBankRules, now: datetime) -> Purse:
    share = await pool_for(tx, elder, rules=rules, now=now)
    return Purse("pool", elder.district_id, share.account, share.available_minutes, share.because)


async def _programmes(tx: AsyncSession, elder: Elder, *, now: datetime) -> list[Purse]:
    purses = []
    for programme in await programmes_for(tx, elder, now=now):
        account = programme_account(programme.id)
        available = await available_minutes(tx, account, now=now)
        shared = sorted(set(programme.categories) & set(elder.categories))
        purses.append(Purse("programme", programme.id, account, available, f"granted for {', '.join(shared)}"))
    return purses
