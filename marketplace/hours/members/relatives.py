"""Whose hours may pay for whom: one's own for oneself, or for a relative, as the rule set says.

A relation is told by the grant that the elder, or staff for her, gave to the account, and counts once staff proved it.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_day
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import (
    MayNotRedeem,
    NotARelative,
    RelationNotProved,
    RelativeTooYoung,
    TooYoungToRedeem,
)
from marketplace.hours.models import Member
from marketplace.people.models import Elder, FamilyGrant


def require_may_redeem(member: Member) -> None:
    """`MayNotRedeem` for groups and organisations."""
    if not member.may_redeem:
        raise MayNotRedeem(kind=member.kind)


async def redeeming_relation(
    tx: AsyncSession, account_id: UUID, elder: Elder, *, rules: TimeBankRules, now: datetime
) -> str:
    """As what the account may redeem its hours for this elder: `self` or the relation.

    `TooYoungToRedeem`, `NotARelative`, `RelationNotProved`, `RelativeTooYoung`: all `NotRedeemable`.
    """
    if elder.account_id == account_id:
        require_old_enough(elder, rules=rules, now=now)
        return "self"
    relation = await proved_relation(tx, account_id, elder, rules=rules, now=now)
    if age_on(elder.birth_on, local_day(now)) < rules.relative_age:
        raise RelativeTooYoung(relative_age=rules.relative_age)
    return relation


def require_old_enough(elder: Elder, *, rules: TimeBankRules, now: datetime) -> None:
    """`TooYoungToRedeem` where the elder's own hours are still to be saved."""
    if not old_enough(elder, rules=rules, now=now):
        raise TooYoungToRedeem(youngest=rules.redeeming.youngest)


def old_enough(elder: Elder, *, rules: TimeBankRules, now: datetime) -> bool:
    """May the elder spend own hours on herself by now?"""
    return age_on(elder.birth_on, local_day(now)) >= rules.redeeming.youngest


async def proved_relation(
    tx: AsyncSession, account_id: UUID, elder: Elder, *, rules: TimeBankRules, now: datetime
) -> str:
    """What the account is to the elder, of the relations for whom hours are redeemed; the first by its name.

    `NotARelative`, `RelationNotProved`.
    """
    found = (
        await tx.execute(
            select(col(FamilyGrant.relation), col(FamilyGrant.proved_at))
            .where(
                col(FamilyGrant.elder_id) == elder.id,
                col(FamilyGrant.account_id) == account_id,
                col(FamilyGrant.relation).in_(rules.redeeming.relations),
                col(FamilyGrant.revoked_at).is_(None),
                or_(col(FamilyGrant.until).is_(None), col(FamilyGrant.until) > now),
            )
            .order_by(col(FamilyGrant.proved_at).is_(None), col(FamilyGrant.relation))
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        raise NotARelative(relations=", ".join(rules.redeeming.relations))
    relation, proved_at = found
    if proved_at is None:
        raise RelationNotProved(relation=relation)
    return str(relation)


def age_on(birth_on: date, day: date) -> int:
    """Full years of age on a day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
