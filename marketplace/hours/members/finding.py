"""Finding members, by owner or for somebody who may see them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.hours.members.errors import OwnIncident
from marketplace.hours.members.guardians import guards
from marketplace.hours.models import Member
from marketplace.people.access import in_reach
from marketplace.people.models import Region


async def member_of_account(tx: AsyncSession, account_id: UUID | None) -> Member | None:
    """The member who signs in with this account, if any."""
    return await tx.scalar(select(Member).where(col(Member.account_id) == account_id))


async def member_of_elder(tx: AsyncSession, elder_id: UUID) -> Member | None:
    """The elder's member, if she joined."""
    return await tx.scalar(select(Member).where(col(Member.elder_id) == elder_id))


async def member_for(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """The member, for whoever acts for it, for its provider, for an officer of the branch or an operator.

    Else `Unknown`.
    """
    member = await tx.get(Member, member_id)
    if member is None or not await _may_see(tx, member, actor):
        raise Unknown(what="member")
    return member


async def acts_for(tx: AsyncSession, actor: Actor, member: Member) -> bool:
    """Is the actor this member, her guardian, or the group's contact?"""
    if actor.account_id is None:
        return False
    if actor.account_id in {member.account_id, member.contact_id}:
        return True
    return await guards(tx, actor, member)


async def overseen_member(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """A member of the officer's branches, for acts of the office. `Unknown` out of reach, `OwnIncident`."""
    member = await tx.get(Member, member_id)
    if member is None or not (actor.is_any(Role.OFFICER) and await in_reach(tx, actor, member.district_id)):
        raise Unknown(what="member")
    if await acts_for(tx, actor, member):
        raise OwnIncident
    return member


async def overseen_members(
    tx: AsyncSession,
    *,
    actor: Actor,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
    district_id: UUID | None = None,
    kind: str | None = None,
) -> list[Member]:
    """Members of the branches within the actor's reach, by id; of one state, branch or kind on demand."""
    query = (
        select(Member)
        .join(Region, col(Region.id) == col(Member.district_id))
        .where(col(Region.path).startswith(actor.region_path, autoescape=True))
        .order_by(col(Member.id))
        .limit(limit)
    )
    if state is not None:
        query = query.where(col(Member.state) == state)
    if district_id is not None:
        query = query.where(col(Member.district_id) == district_id)
    if kind is not None:
        query = query.where(col(Member.kind) == kind)
    if after is not None:
        query = query.where(col(Member.id) > after)
    return list(await tx.scalars(query))


async def _may_see(tx: AsyncSession, member: Member, actor: Actor) -> bool:
    if actor.is_system or await acts_for(tx, actor, member):
        return True
    if member.provider_id is not None and member.provider_id == actor.provider_id:
        return actor.is_any(Role.PROVIDER)
    if actor.is_any(Role.OPERATOR):
        return True
    return actor.is_any(Role.OFFICER) and await in_reach(tx, actor, member.district_id)
