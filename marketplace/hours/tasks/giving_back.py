"""Giving a task back before it begins: it is published again, and others may take it. Its minutes stay held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.states import move
from marketplace.hours.errors import TaskStarted
from marketplace.hours.members.proxies import acts_for
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.answering import ANSWER_DUE
from marketplace.hours.tasks.holding import TASK_DUE
from marketplace.hours.tasks.sending_back import send_back
from marketplace.hours.tasks.taking import locked_task
from marketplace.visits.service import hand_over, has_begun, visits_of

UNSETTLED = ("reserved", "grabbed", "disputed")


async def give_back(tx: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Task:
    """The volunteer, or who acts for her, cannot come. `Unknown`, `TaskStarted`, `IllegalTransition`."""
    task = await locked_task(tx, task_id)
    member = await tx.get(Member, task.member_id) if task.member_id is not None else None
    if member is None or not await acts_for(tx, actor, member):
        raise Unknown(what="task")
    await put_back(tx, task, actor=actor, now=now, reason=reason)
    return task


async def put_back(tx: AsyncSession, task: Task, *, actor: Actor, now: datetime, reason: str) -> None:
    """Publish a locked task anew, without its volunteer. What nobody takes before its window opens expires."""
    member = await tx.get_one(Member, task.member_id)
    await move(tx, task, "published", TASK_STEPS, actor=actor, now=now, reason=reason)
    task.member_id = None
    for visit in await visits_of(tx, "task", task.id):
        if not await hand_over(
            tx, "task", task.id, skills=visit.skills, kitchen=None, actor=actor, now=now, reason=reason
        ):
            raise TaskStarted
    await timers.drop_timer(tx, ANSWER_DUE, task.id)
    await timers.set_timer(tx, TASK_DUE, task.id, task.window_start)
    await tx.flush()
    if task.taking == "dispatch":
        await send_back(tx, task, member, actor=actor, now=now, reason=reason)


async def tasks_ahead(tx: AsyncSession, member_id: UUID) -> list[UUID]:
    """The ids of what the member has taken and not begun."""
    member = await tx.get_one(Member, member_id)
    if member.state == "active":
        return []
    query = select(col(Task.id)).where(col(Task.member_id) == member_id, col(Task.state).in_(UNSETTLED))
    if member.suspended_until is not None:
        query = query.where(col(Task.window_start) < member.suspended_until)
    return list(await tx.scalars(query.order_by(col(Task.id))))


async def recall_task(tx: AsyncSession, task_id: UUID, member_id: UUID, *, now: datetime) -> None:
    """Take a task from a member who may not serve; one that has begun, or is not hers any more, stays."""
    task = await locked_task(tx, task_id)
    if task.member_id != member_id or task.state not in UNSETTLED or await has_begun(tx, "task", task.id):
        return
    await put_back(tx, task, actor=Actor.system(), now=now, reason="the volunteer may not serve")
