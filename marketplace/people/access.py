"""Who may see whom: role × region subtree × relation. Every query that touches elders carries `visible_to`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, false, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import STAFF, Actor
from marketplace.base.ids import new_id
from marketplace.people.models import Access, Elder, Region

Scope = Literal["view", "notes", "book", "pay", "health", "location"]
SCOPES: tuple[Scope, ...] = ("view", "notes", "book", "pay", "health", "location")


def visible_to(actor: Actor, now: datetime, scope: Scope = "view") -> ColumnElement[bool]:
    """The condition on `Elder` under which `actor` may see the elder in `scope` at `now`.

    Elders see themselves; staff their subtree; anybody else those to whom `access` relates them at this instant.
    A regulator sees no elder: aggregates only.
    """
    if actor.is_system:
        return true()
    related = select(col(Access.elder_id)).where(
        col(Access.account_id) == actor.account_id,
        col(Access.scope) == scope,
        col(Access.since) <= now,
        or_(col(Access.until).is_(None), col(Access.until) > now),
    )
    return or_(col(Elder.account_id) == actor.account_id, col(Elder.id).in_(related), _in_subtree(actor))


def granted_to(account_id: UUID, *, now: datetime, scope: Scope, elder_id: UUID | None = None) -> Select[UUID]:
    """The ids of elders (of one, if she is named) whose own grant gives the account this scope at `now`.

    Sight for another reason, such as an assignment to a visit, is no word of the elder's.
    """
    query = select(col(Access.elder_id)).where(
        col(Access.account_id) == account_id,
        col(Access.scope) == scope,
        col(Access.because).startswith("grant:"),
        col(Access.since) <= now,
        or_(col(Access.until).is_(None), col(Access.until) > now),
    )
    return query if elder_id is None else query.where(col(Access.elder_id) == elder_id)


def _in_subtree(actor: Actor) -> ColumnElement[bool]:
    if not actor.is_any(*STAFF):
        return false()
    if actor.region_path == "":
        return true()
    inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    return col(Elder.community_id).in_(inside)


async def in_reach(tx: AsyncSession, actor: Actor, region_id: UUID) -> bool:
    """Does the actor's subtree hold this region?"""
    if actor.is_system or actor.region_path == "":
        return True
    path = await tx.scalar(select(col(Region.path)).where(col(Region.id) == region_id))
    return path is not None and path.startswith(actor.region_path)


async def give_access(
    tx: AsyncSession,
    elder_id: UUID,
    account_id: UUID,
    scope: Scope,
    *,
    since: datetime,
    until: datetime | None,
    because: str,
) -> None:
    """Relate an account to an elder; `because` names the cause (`assignment:ID`) by which it is withdrawn."""
    row = insert(Access).values(
        id=new_id(),
        elder_id=elder_id,
        account_id=account_id,
        scope=scope,
        since=since,
        until=until,
        because=because,
    )
    await tx.execute(
        row.on_conflict_do_update(
            index_elements=["elder_id", "account_id", "scope", "because"], set_={"since": since, "until": until}
        )
    )


async def withdraw_access(tx: AsyncSession, because: str) -> None:
    """End every relation that stood because of this."""
    await tx.execute(delete(Access).where(col(Access.because) == because))
