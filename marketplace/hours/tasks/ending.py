"""Tasks that end without a credit: cancelled, expired ungrabbed, or missed. What was held goes back to its source."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.errors import TaskStarted
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.members.standing.incidents import Happened, record
from marketplace.hours.models import TASK_STEPS, SeriesSkip, Task
from marketplace.hours.tasks.answering import ANSWER_DUE
from marketplace.hours.tasks.holding import TASK_DUE
from marketplace.hours.tasks.listing import require_asker
from marketplace.hours.tasks.taking import locked_task
from marketplace.people.models import Elder
from marketplace.visits.service import begun_among, cancel_visits
from timebank import Command, Release

UNBEGUN = tuple(state for state, targets in TASK_STEPS.items() if "cancelled" in targets)


async def cancel(
    tx: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime, reason: str, whole: bool = False
) -> Task:
    """Cancel a task that has not begun: whoever asked for it, may book for the elder, or the community's officer.

    `whole`: with it every place of the request that has neither begun nor ended. `Unknown` to anybody else,
    `TaskStarted`, `IllegalTransition` for a task that has ended.
    """
    request = await tx.scalar(select(col(Task.request_id)).where(col(Task.id) == task_id))
    same = col(Task.request_id) == request if whole else col(Task.id) == task_id
    query = select(Task).where(same).order_by(col(Task.id)).with_for_update()
    tasks = list(await tx.scalars(query.execution_options(populate_existing=True)))
    task = next((one for one in tasks if one.id == task_id), None)
    if task is None:
        raise Unknown(what="task")
    await require_asker(tx, task, actor=actor, now=now)
    begun = await begun_among(tx, "task", [one.id for one in tasks])
    others = [one for one in tasks if one.state in UNBEGUN and one.id not in begun and one.id != task.id]
    await _end([task, *others], "cancelled", tx=tx, actor=actor, now=now, reason=reason)
    await _leave_out(tx, task)
    elder = await tx.get_one(Elder, task.elder_id)  # visible: the task's own elder, for whom the actor may cancel
    await tell_elder(tx, elder, "task_cancelled", actor=actor)
    return task


async def _leave_out(tx: AsyncSession, task: Task) -> None:
    """A series does not make again what was called off by itself."""
    if task.series_id is not None:
        skip = insert(SeriesSkip).values(series_id=task.series_id, starts_at=task.series_start)
        await tx.execute(skip.on_conflict_do_nothing())


async def call_off(tx: AsyncSession, tasks: Sequence[Task], *, actor: Actor, now: datetime, reason: str) -> None:
    """Cancel what of these locked tasks has not begun; the rest goes on."""
    begun = await begun_among(tx, "task", [task.id for task in tasks])
    await _end(
        [task for task in tasks if task.id not in begun], "cancelled", tx=tx, actor=actor, now=now, reason=reason
    )


async def expire(tx: AsyncSession, task_id: UUID, *, now: datetime) -> None:
    """A task that nobody has when its window opens is over. Any other, and one not yet due, stays."""
    task = await locked_task(tx, task_id)
    if task.state in {"submitted", "published", "reserved"} and now >= task.window_start:
        await _end([task], "expired", tx=tx, actor=Actor.system(), now=now, reason="nobody took it")


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
    await release(tx, [task], now=now)


async def _end(tasks: Sequence[Task], to: str, *, tx: AsyncSession, actor: Actor, now: datetime, reason: str) -> None:
    releases = await end_unreleased(tx, tasks, to, actor=actor, now=now, reason=reason)
    if releases:
        await timebank.apply(tx, releases, now=now)


async def end_unreleased(
    tx: AsyncSession, tasks: Sequence[Task], to: str, *, actor: Actor, now: datetime, reason: str
) -> list[Command]:
    """End locked tasks before they begin; the caller applies the releases returned. `TaskStarted`."""
    if await begun_among(tx, "task", [task.id for task in tasks]):
        raise TaskStarted
    for task in tasks:
        await move(tx, task, to, TASK_STEPS, actor=actor, now=now, reason=reason)
        await cancel_visits(tx, "task", task.id, actor=actor, now=now, reason=reason)
        for rule in (TASK_DUE, ANSWER_DUE):
            await timers.drop_timer(tx, rule, task.id)
    return _releases(tasks)


async def release(tx: AsyncSession, tasks: Sequence[Task], *, now: datetime) -> None:
    """Give back what these tasks hold."""
    releases = _releases(tasks)
    if releases:
        await timebank.apply(tx, releases, now=now)


def _releases(tasks: Sequence[Task]) -> list[Command]:
    """A task that was never published holds nothing."""
    return [
        Release(key=f"{task.hold_key}:release", hold_key=task.hold_key)
        for task in tasks
        if task.source_account is not None
    ]
