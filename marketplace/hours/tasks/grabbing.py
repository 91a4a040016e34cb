"""Grabbing a task: the first volunteer gets it. The row's lock decides, the exclusion constraint guards her day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import TaskOver, TaskTaken
from marketplace.hours.members.guardians import guards
from marketplace.hours.members.proxies import acting_member
from marketplace.hours.models import Task
from marketplace.hours.tasks.answering import reserve, waits_for_guardian
from marketplace.hours.tasks.errors import OnlyDispatched
from marketplace.hours.tasks.gates import require_standing
from marketplace.hours.tasks.taking import locked_task, pass_gates, take


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

    A minor who grabs by herself reserves the task until her guardian says yes. `Unknown`, `NotAMember`,
    `MemberInactive`, `TaskTaken`, `TaskOver`, `OnlyDispatched`, what `take` refuses.
    """
    member = await acting_member(tx, actor, member_id)
    await require_standing(tx, member)
    task = await locked_task(tx, task_id)
    if task.state in {"reserved", "grabbed"} and task.member_id == member.id:
        return task
    _require_open(task, now)
    if await waits_for_guardian(tx, member, task, rules=rules) and not await guards(tx, actor, member):
        member = await pass_gates(tx, task, member, rules=rules, actor=actor)
        await reserve(tx, task, member, rules=rules, actor=actor, now=now)
    else:
        await take(tx, task, member, rules=rules, actor=actor, now=now)
    return task


def _require_open(task: Task, now: datetime) -> None:
    if task.state in {"reserved", "grabbed"}:
        raise TaskTaken
    if task.state != "published":
        raise TaskOver(state=task.state)
    if now >= task.window_start:
        raise TaskOver(state="expired")
    if task.taking == "dispatch":
        raise OnlyDispatched
