"""Tasks that end without a credit: cancelled, expired ungrabbed, or missed. What was held goes back to its source."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.errors import TaskStarted
from marketplace.hours.members.standing.incidents import Happened, record
from marketplace.hours.models import TASK_STEPS, Task
from marketplace.hours.tasks.grabbing import locked_task
from marketplace.hours.tasks.listing import require_asker
from marketplace.hours.tasks.publishing import TASK_DUE
from marketplace.visits.service import cancel_visits
from timebank import Release


async def cancel(tx: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Task:
    """Cancel a task that has not begun: whoever asked for it, may book for the elder, or the community's officer.

    `Unknown` to anybody else, `TaskStarted`, `IllegalTransition` for a task that has ended.
    """
    task = await locked_task(tx, task_id)
    await require_asker(tx, task, actor=actor, now=now)
    await _end(tx, task, "cancelled", actor=actor, now=now, reason=reason)
    return task


async def expire(tx: AsyncSession, task_id: UUID, *, now: datetime) -> None:
    """A task that nobody grabbed before its window opened is over. Any other, and one not yet due, stays."""
    task = await locked_task(tx, task_id)
    if task.state == "published" and now >= task.window_start:
        await _end(tx, task, "expired", actor=Actor.system(), now=now, reason="nobody took it")


async def miss(tx: AsyncSession, task: Task, *, rules: SanctionRules, now: datetime) -> None:
    """The volunteer of a locked task did not come: the minutes go back, and a no-show stands against her.

    A task that nobody has, or that ended already, stays as it is.
    """
    if task.state != "grabbed" or task.member_id is None:
        return
    system = Actor.system()
    await move(tx, task, "missed", TASK_STEPS, actor=system, now=now, reason="nobody checked in")
    happened = Happened(kind="no_show", cause=task.reference, reason="nobody checked in", task_id=task.id)
    await record(tx, task.member_id, happened, rules=rules, actor=system, now=now)
    await _release(tx, task, now=now)


async def _end(tx: AsyncSession, task: Task, to: str, *, actor: Actor, now: datetime, reason: str) -> None:
    await move(tx, task, to, TASK_STEPS, actor=actor, now=now, reason=reason)
    if not await cancel_visits(tx, "task", task.id, actor=actor, now=now, reason=reason):
        raise TaskStarted
    await timers.drop_timer(tx, TASK_DUE, task.id)
    await _release(tx, task, now=now)


async def _release(tx: AsyncSession, task: Task, *, now: datetime) -> None:
    await timebank.apply(tx, [Release(key=f"{task.hold_key}:release", hold_key=task.hold_key)], now=now)
