"""Finding members, by owner or for somebody who may see them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.hours.models import Member
from marketplace.people.access import in_reach


async def member_of_account(tx: AsyncSession, account_id: UUID | None) -> Member | None:
    """The member who signs in with this account, if any."""
    return await tx.scalar(select(Member).where(col(Member.account_id) == account_id))


async def member_of_elder(tx: AsyncSession, elder_id: UUID) -> Member | None:
    """The elder's member, if she joined."""
    return await tx.scalar(select(Member).where(col(Member.elder_id) == elder_id))


async def member_for(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """The member, if it is the actor, or the actor's provider, or the actor is an officer of the branch or operator.

    Else `Unknown`.
    """
    member = await tx.get(Member, member_id)
    if member is None or not await _may_see(tx, member, actor):
        raise Unknown(what="member")
    return member


async def _may_see(tx: AsyncSession, member: Member, actor: Actor) -> bool:
    if actor.is_system or (member.account_id is not None and member.account_id == actor.account_id):
        return True
    if member.provider_id is not None and member.provider_id == actor.provider_id:
        return actor.is_any(Role.PROVIDER)
    if actor.is_any(Role.OPERATOR):
        return True
    return actor.is_any(Role.OFFICER) and await in_reach(tx, actor, member.district_id)
