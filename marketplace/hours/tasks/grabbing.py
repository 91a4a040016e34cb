"""Grabbing a task: the first volunteer gets it. The row's lock decides, the exclusion constraint guards her day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.states import move
from marketplace.hours.errors import MemberInactive, NotAMember, OwnTask, TaskOver, TaskTaken
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.publishing import TASK_DUE
from marketplace.visits.service import assign, visits_of


async def grab(tx: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """Give the task to the acting volunteer; grabbing one's own again changes nothing.

    `Unknown`, `NotAMember`, `MemberInactive`, `TaskTaken`, `TaskOver`, `OwnTask`, and `PerformerBusy` where she has
    another assignment in that time.
    """
    member = await member_of_account(tx, actor.account_id)
    if member is None or member.performer_id is None:
        raise NotAMember
    if member.state != "active":
        raise MemberInactive(state=member.state)
    task = await locked_task(tx, task_id)
    if task.state == "grabbed" and task.member_id == member.id:
        return task
    _require_open(task, member, actor, now)
    task.member_id = member.id
    await move(tx, task, "grabbed", TASK_STEPS, actor=actor, now=now)
    await timers.drop_timer(tx, TASK_DUE, task.id)
    for visit in await visits_of(tx, "task", task.id):
        await assign(
            tx,
            visit.id,
            member.performer_id,
            starts_at=task.window_start,
            ends_at=task.window_start + timedelta(minutes=task.minutes),
            actor=actor,
            now=now,
        )
    return task


async def locked_task(tx: AsyncSession, task_id: UUID) -> Task:
    """The task with its row locked, as it is now. `Unknown`."""
    query = select(Task).where(col(Task.id) == task_id).with_for_update()
    task = await tx.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise Unknown(what="task")
    return task


def _require_open(task: Task, member: Member, actor: Actor, now: datetime) -> None:
    if task.state == "grabbed":
        raise TaskTaken
    if task.state != "published":
        raise TaskOver(state=task.state)
    if now >= task.window_start:
        raise TaskOver(state="expired")
    own = task.requested_by == actor.account_id or member.elder_id == task.elder_id
    if own or (task.source_kind in {"own", "relative"} and task.source_id == member.id):
        raise OwnTask
