"""Tasks as different eyes may see them: open ones without a trace of the elder, one's own in full."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.members.proxies import acts_for, delegated_elder
from marketplace.hours.models import Member, Task
from marketplace.people.access import Scope, visible_to
from marketplace.people.models import Elder, Region
from marketplace.visits.models import Assignment, Visit

_LIVE = col(Assignment.state) != "withdrawn"


async def open_tasks(
    tx: AsyncSession, district_id: UUID, *, now: datetime, after: UUID | None = None, limit: int = 50
) -> list[tuple[Task, Region]]:
    """Tasks of a district that can still be grabbed, with the elder's community, in the order of publishing."""
    query = (
        select(Task, Region)
        .join(Region, col(Region.id) == col(Task.community_id))
        .where(
            col(Task.district_id) == district_id,
            col(Task.state) == "published",
            col(Task.taking) == "grab",
            col(Task.window_start) > now,
        )
        .order_by(col(Task.id))
        .limit(limit)
    )
    if after is not None:
        query = query.where(col(Task.id) > after)
    return [(task, region) for task, region in await tx.execute(query)]


async def waiting_tasks(
    tx: AsyncSession, state: str, *, actor: Actor, now: datetime, after: UUID | None = None, limit: int = 50
) -> list[Task]:
    """Tasks that wait for an officer, submitted or disputed, of elders whom the actor may see, by id."""
    query = (
        select(Task)
        .join(Elder, col(Elder.id) == col(Task.elder_id))
        .where(col(Task.state) == state, visible_to(actor, now))
        .order_by(col(Task.id))
        .limit(limit)
    )
    if after is not None:
        query = query.where(col(Task.id) > after)
    return list(await tx.scalars(query))


async def tasks_of(tx: AsyncSession, member_id: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Task]:
    """What a member has taken or was kept for, the newest first."""
    query = select(Task).where(col(Task.member_id) == member_id).order_by(col(Task.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(Task.id) < after)
    return list(await tx.scalars(query))


async def places_of(tx: AsyncSession, request_id: UUID) -> list[UUID]:
    """The tasks that are a request's places, in order."""
    query = select(col(Task.id)).where(col(Task.request_id) == request_id)
    return list(await tx.scalars(query.order_by(col(Task.place))))


async def task_for(tx: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """The task, for whoever asked for it, may see the elder, or grabbed it. Else `Unknown`."""
    task = await tx.get(Task, task_id)
    if task is None:
        raise Unknown(what="task")
    if not await grabbed_by(tx, task, actor):
        await require_asker(tx, task, actor=actor, now=now, scope="view")
    return task


@dataclass(frozen=True, slots=True)
class Place:
    """The task's visit, and the assignment of whoever has it."""

    visit_id: UUID | None
    assignment_id: UUID | None


async def place_of(tx: AsyncSession, task: Task) -> Place:
    """Where the task stands among the visits."""
    query = (
        select(col(Visit.id), col(Assignment.id))
        .join(Assignment, (col(Assignment.visit_id) == col(Visit.id)) & _LIVE, isouter=True)
        .where(col(Visit.cause_kind) == "task", col(Visit.cause_id) == task.id)
    )
    row = (await tx.execute(query)).first()
    return Place(*row) if row else Place(None, None)


async def grabbed_by(tx: AsyncSession, task: Task, actor: Actor) -> bool:
    """Is the actor the volunteer who has the task, or does she act for her?"""
    member = await tx.get(Member, task.member_id) if task.member_id is not None else None
    return member is not None and await acts_for(tx, actor, member)


async def require_asker(tx: AsyncSession, task: Task, *, actor: Actor, now: datetime, scope: Scope = "book") -> None:
    """`Unknown`, or `DelegationMissing`, unless the actor asked for the task or may act for its elder in `scope`."""
    if task.requested_by is None or task.requested_by != actor.account_id:
        try:
            await delegated_elder(tx, task.elder_id, scope=scope, actor=actor, now=now)
        except Unknown:
            raise Unknown(what="task") from None
