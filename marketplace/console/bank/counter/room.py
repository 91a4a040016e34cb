"""What a member can still give or take: shown beside the fields, so that nobody fills in what would be refused."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.clock import local_day
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.giving.gifts import given_in_year
from marketplace.hours.giving.key_elders import key_elders_of
from marketplace.hours.models import Member


@dataclass(frozen=True, slots=True)
class Month:
    """What a key elder received of what the month promises her."""

    received_minutes: int
    promised_minutes: int


@dataclass(frozen=True, slots=True)
class Room:
    """Minutes that she may give now, that are set aside, that a year's gifts still allow (None: no limit), that her cap
    still takes (None: no cap), and her month as a key elder (None: she is none)."""

    available_minutes: int
    held_minutes: int
    year_minutes: int | None
    cap_minutes: int | None
    month: Month | None


async def room_of(tx: AsyncSession, member: Member, *, rules: TimeBankRules, now: datetime) -> Room:
    """The member's room now."""
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    limit = rules.giving.gifts_year_minutes
    given = 0 if limit is None else await given_in_year(tx, member, local_day(now).year)
    return Room(
        available_minutes=balance.available or 0,
        held_minutes=balance.held,
        year_minutes=None if limit is None else max(0, limit - given),
        cap_minutes=None if balance.cap is None else max(0, balance.cap - balance.posted),
        month=await _month(tx, member, rules=rules, now=now),
    )


async def _month(tx: AsyncSession, member: Member, *, rules: TimeBankRules, now: datetime) -> Month | None:
    if member.kind != "elder" or not rules.key_elders:
        return None
    elders = await key_elders_of(tx, member.district_id, rules=rules, now=now)
    mine = next((one for one in elders if one.member.id == member.id), None)
    return None if mine is None else Month(mine.received_minutes, mine.group.month_minutes)
