"""Tasks that end without a credit: cancelled, expired ungrabbed, or missed. What was held goes back to its source."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.hours.errors import TaskStarted
from marketplace.hours.models import TASK_STEPS, Task
from marketplace.hours.tasks.grabbing import locked_task
from marketplace.hours.tasks.listing import require_asker
from marketplace.hours.tasks.publishing import TASK_DUE
from marketplace.visits.service import cancel_visits
from timebank import Command, Release


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


async def miss(tx: AsyncSession, task_id: UUID, *, now: datetime) -> None:
    """The volunteer did not come: the minutes go back. A task that ended already stays as it is."""
    task = await locked_task(tx, task_id)
    if task.state == "grabbed":
        await move(tx, task, "missed", TASK_STEPS, actor=Actor.system(), now=now, reason="nobody checked in")
        await _release(tx, task, now=now)


async def call_off(tx: AsyncSession, task: Task, to: str, *, actor: Actor, now: datetime, reason: str) -> list[Command]:
    """End the locked task before it begins; the caller applies what gives its minutes back. `TaskStarted`."""
    await move(tx, task, to, TASK_STEPS, actor=actor, now=now, reason=reason)
    if not await cancel_visits(tx, "task", task.id, actor=actor, now=now, reason=reason):
        raise TaskStarted
    await timers.drop_timer(tx, TASK_DUE, task.id)
    return [_release_of(task)]


async def _end(tx: AsyncSession, task: Task, to: str, *, actor: Actor, now: datetime, reason: str) -> None:
    await timebank.apply(tx, await call_off(tx, task, to, actor=actor, now=now, reason=reason), now=now)


async def _release(tx: AsyncSession, task: Task, *, now: datetime) -> None:
    await timebank.apply(tx, [_release_of(task)], now=now)


def _release_of(task: Task) -> Command:
    return Release(key=f"{task.hold_key}:release", hold_key=task.hold_key)
