"""Finding members: by owner, in a branch, and with their rows locked."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.models import KEY_FREE, Member
from marketplace.people.models import Region


async def member_of_account(tx: AsyncSession, account_id: UUID | None) -> Member | None:
    """The member who signs in with this account, if any."""
    return await tx.scalar(select(Member).where(col(Member.account_id) == account_id))


async def member_of_elder(tx: AsyncSession, elder_id: UUID) -> Member | None:
    """The elder's member, if she joined."""
    return await tx.scalar(select(Member).where(col(Member.elder_id) == elder_id))


async def locked_member(tx: AsyncSession, member_id: UUID | None) -> Member:
    """The member as she stands now, with her row locked: whoever changes her or what counts for her waits. `Unknown`.

    Rows that refer to her can be written meanwhile (FOR NO KEY UPDATE).
    """
    member = await tx.get(Member, member_id, with_for_update=KEY_FREE, populate_existing=True) if member_id else None
    if member is None:
        raise Unknown(what="member")
    return member


async def kept_member(tx: AsyncSession, member_id: UUID) -> Member:
    """The member as she stands now, kept from changing until the transaction ends; others may keep her as well."""
    return await tx.get_one(Member, member_id, with_for_update={"read": True}, populate_existing=True)


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
