"""Who acts for whom: a member for herself, or, as her guardian angel, an officer of her branch for a member who cannot.

An act for somebody else names its reason, stands in the audit log with both, and is told to the member.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.hours.errors import MemberInactive, NotAMember
from marketplace.hours.giving.errors import OwnBenefit, ReasonMissing
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.models import Member
from marketplace.people.access import in_reach

OFFICERS = (Role.OFFICER, Role.OPERATOR)
ACTED_FOR = "member.acted_for"  # the message by which a member is told of what moved no hours


@dataclass(frozen=True, slots=True)
class Acts:
    """The member whose hours it is about; `on_behalf_of` is her id where an officer acts, else None."""

    member: Member
    on_behalf_of: UUID | None


async def acting(
    tx: AsyncSession, on_behalf_of: UUID | None, *, actor: Actor, reason: str | None, active: bool = True
) -> Acts:
    """The actor's own member, or the one for whom the officer acts.

    `NotAMember`, `Unknown` beyond the officer's reach, `ReasonMissing`, `MemberInactive` unless `active` is False.
    """
    own = await member_of_account(tx, actor.account_id) if actor.account_id else None
    if on_behalf_of is None or (own is not None and on_behalf_of == own.id):
        found = own
        if found is None:
            raise NotAMember
        for_other = None
    else:
        found = await officers_member(tx, on_behalf_of, actor=actor)
        if not reason:
            raise ReasonMissing(pointer="/reason")
        for_other = found.id
    if active and found.state != "active":
        raise MemberInactive(state=found.state)
    return Acts(found, for_other)


async def officers_member(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """A member of a branch within the officer's reach. `Unknown` to anybody else."""
    member = await tx.get(Member, member_id)
    if member is None or not await is_officer_of(tx, member.district_id, actor):
        raise Unknown(what="member")
    return member


async def is_officer_of(tx: AsyncSession, district_id: UUID, actor: Actor) -> bool:
    """Is the actor an officer of this branch, or an operator?"""
    return actor.is_any(*OFFICERS) and await in_reach(tx, actor, district_id)


async def require_no_benefit(tx: AsyncSession, members: set[UUID | None], *, account_id: UUID | None) -> None:
    """`OwnBenefit` where the account is one of these members'."""
    own = await member_of_account(tx, account_id) if account_id else None
    if own is not None and own.id in members:
        raise OwnBenefit
