"""Reviewing: an officer of the community publishes a submitted request, or returns it with a reason.

Nothing is held before. Whoever took the request down does not review it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden, IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.models import TASK_STEPS, Task
from marketplace.hours.tasks.errors import OwnRequest
from marketplace.hours.tasks.holding import TASK_DUE, put_up
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder


async def accept_request(tx: AsyncSession, task_id: UUID, *, rules: TimeBankRules, actor: Actor, now: datetime) -> Task:
    """Publish the request of which this task is a place. What `put_up` refuses, `OwnRequest`, `IllegalTransition`."""
    tasks, elder = await _submitted(tx, task_id, wanted="published", actor=actor, now=now)
    if now >= tasks[0].window_start:
        raise IllegalTransition(state="expired", wanted="published")
    await put_up(tx, tasks, elder, rules=rules, actor=actor, now=now)
    return next(task for task in tasks if task.id == task_id)


async def return_request(tx: AsyncSession, task_id: UUID, *, reason: str, actor: Actor, now: datetime) -> Task:
    """Send the request back to who asked, with a reason. `OwnRequest`, `IllegalTransition`."""
    tasks, _ = await _submitted(tx, task_id, wanted="returned", actor=actor, now=now)
    for task in tasks:
        task.return_reason = reason
        await move(tx, task, "returned", TASK_STEPS, actor=actor, now=now, reason=reason)
        await timers.drop_timer(tx, TASK_DUE, task.id)
    return next(task for task in tasks if task.id == task_id)


async def _submitted(
    tx: AsyncSession, task_id: UUID, *, wanted: str, actor: Actor, now: datetime
) -> tuple[list[Task], Elder]:
    """All places of the request, locked by id as for calling it off, and the elder, whom the reviewer may see."""
    if actor.account_id is None:  # a person reviews
        raise Forbidden
    request = select(col(Task.request_id)).where(col(Task.id) == task_id).scalar_subquery()
    query = select(Task).where(col(Task.request_id) == request).order_by(col(Task.id)).with_for_update()
    tasks = list(await tx.scalars(query.execution_options(populate_existing=True)))
    tasks.sort(key=lambda task: task.place)
    if not tasks:
        raise Unknown(what="task")
    try:
        elder = await elder_for(tx, tasks[0].elder_id, actor=actor, now=now)
    except Unknown:
        raise Unknown(what="task") from None
    if tasks[0].requested_by == actor.account_id:
        raise OwnRequest
    submitted = [task for task in tasks if task.state == "submitted"]
    if len(submitted) < len(tasks):
        raise IllegalTransition(state=tasks[0].state, wanted=wanted)
    return tasks, elder
