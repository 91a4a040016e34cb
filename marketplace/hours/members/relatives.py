"""Whose hours may pay for whom: one's own for oneself, or for a lineal relative of a certain age.

The relation is proven by the grant that the elder, or staff for her, gave to the account.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_day
from marketplace.hours.errors import NotRedeemable
from marketplace.people.models import Elder, FamilyGrant

LINEAL = ("child", "grandchild", "parent")  # what the account is to the elder; spouses and siblings are not lineal


async def redeeming_relation(
    tx: AsyncSession, account_id: UUID, elder: Elder, *, relative_age: int, now: datetime
) -> str:
    """As what the account may redeem its hours for this elder: `self` or the relation. Else `NotRedeemable`."""
    if elder.account_id == account_id:
        return "self"
    relation = await tx.scalar(
        select(col(FamilyGrant.relation))
        .where(
            col(FamilyGrant.elder_id) == elder.id,
            col(FamilyGrant.account_id) == account_id,
            col(FamilyGrant.relation).in_(LINEAL),
            col(FamilyGrant.revoked_at).is_(None),
            or_(col(FamilyGrant.until).is_(None), col(FamilyGrant.until) > now),
        )
        .order_by(col(FamilyGrant.relation))
        .limit(1)
    )
    if relation is None or age_on(elder.birth_on, local_day(now)) < relative_age:
        raise NotRedeemable(relative_age=relative_age)
    return relation


def age_on(birth_on: date, day: date) -> int:
    """Full years of age on a day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
