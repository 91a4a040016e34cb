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
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import TaskOver, TaskTaken
from marketplace.hours.members.acting import acting_member
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.gates import require_fit, require_foreign, require_standing
from marketplace.hours.tasks.publishing import TASK_DUE
from marketplace.visits.service import assign, visits_of


async def grab(
    tx: AsyncSession,
    task_id: UUID,
    *,
    actor: Actor,
    rules: TimeBankRules,
    now: datetime,
    member_id: UUID | None = None,
) -> Task:
    """Give the task to the acting volunteer, or to the minor or group she acts for; doing it again changes nothing.

    `Unknown`, `NotAMember`, `MemberInactive`, `TaskTaken`, `TaskOver`, `OwnTask`, what `require_fit` refuses, and
    `PerformerBusy` where the member has another assignment in that time.
    """
    member = await acting_member(tx, actor, member_id)
    await require_standing(tx, member)
    task = await locked_task(tx, task_id)
    if task.state == "grabbed" and task.member_id == member.id:
        return task
    # she may be leaving or being suspended at this moment
    member = await tx.get_one(Member, member.id, with_for_update={"read": True}, populate_existing=True)
    _require_open(task, now)
    await require_foreign(tx, member, task, actor=actor)
    await require_fit(tx, member, task, rules=rules)
    task.member_id = member.id
    await move(tx, task, "grabbed", TASK_STEPS, actor=actor, now=now, on_behalf_of=_other(actor, member))
    await timers.drop_timer(tx, TASK_DUE, task.id)
    for visit in await visits_of(tx, "task", task.id):
        await assign(
            tx,
            visit.id,
            (await require_standing(tx, member)).id,
            starts_at=task.window_start,
            ends_at=task.window_start + timedelta(minutes=task.minutes),
            actor=actor,
            now=now,
        )
    return task


def _other(actor: Actor, member: Member) -> UUID | None:
    return member.account_id if member.account_id != actor.account_id else None


async def locked_task(tx: AsyncSession, task_id: UUID) -> Task:
    """The task with its row locked, as it is now. `Unknown`."""
    query = select(Task).where(col(Task.id) == task_id).with_for_update()
    task = await tx.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise Unknown(what="task")
    return task


def _require_open(task: Task, now: datetime) -> None:
    if task.state == "grabbed":
        raise TaskTaken
    if task.state != "published":
        raise TaskOver(state=task.state)
    if now >= task.window_start:
        raise TaskOver(state="expired")
