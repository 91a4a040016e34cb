"""As whom one acts: oneself, the minor one answers for, the group whose contact one is."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.errors import NotAMember
from marketplace.hours.members.finding import acts_for, member_of_account
from marketplace.hours.models import Member


async def acting_member(tx: AsyncSession, actor: Actor, member_id: UUID | None) -> Member:
    """Oneself, or the named member for whom the actor may act. `NotAMember`, `Unknown`."""
    if member_id is None:
        own = await member_of_account(tx, actor.account_id)
        if own is None:
            raise NotAMember
        return own
    member = await tx.get(Member, member_id)
    if member is None or not await acts_for(tx, actor, member):
        raise Unknown(pointer="/member_id", what="member")
    return member


async def members_of(tx: AsyncSession, actor: Actor) -> list[Member]:
    """Oneself, one's wards and the groups whose contact one is, oneself first."""
    own = await member_of_account(tx, actor.account_id)
    others = [col(Member.contact_id) == actor.account_id]
    if own is not None:
        others.append(col(Member.guardian_id) == own.id)
    query = select(Member).where(or_(*others), col(Member.state) != "left").order_by(col(Member.id))
    found = list(await tx.scalars(query))
    return [own, *found] if own is not None else found
