"""Taking a task: the gates are asked, the member has it, and is assigned to its visit."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.members.finding import kept_member
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.gates import require_fit, require_foreign, require_standing
from marketplace.hours.tasks.holding import TASK_DUE
from marketplace.visits.service import assign, keep_assignment, visits_of


async def locked_task(tx: AsyncSession, task_id: UUID) -> Task:
    """The task with its row locked, as it is now. `Unknown`."""
    query = select(Task).where(col(Task.id) == task_id).with_for_update()
    task = await tx.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise Unknown(what="task")
    return task


async def pass_gates(tx: AsyncSession, task: Task, member: Member, *, rules: TimeBankRules, actor: Actor) -> Member:
    """The member as she stands now, with her row kept from changing, if she may take the locked task.

    What `require_standing`, `require_foreign` and `require_fit` refuse.
    """
    # she may be leaving or being suspended at this moment
    member = await kept_member(tx, member.id)
    await require_foreign(tx, member, task, actor=actor)
    await require_fit(tx, member, task, rules=rules)
    return member


async def take(
    tx: AsyncSession, task: Task, member: Member, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> None:
    """Give the locked task to the member. What `pass_gates` refuses, `PerformerBusy`."""
    member = await pass_gates(tx, task, member, rules=rules, actor=actor)
    performer = await require_standing(tx, member)
    await _give(tx, task, member, actor=actor, now=now)
    for visit in await visits_of(tx, "task", task.id):
        await assign(
            tx,
            visit.id,
            performer.id,
            starts_at=task.window_start,
            ends_at=task.window_start + timedelta(minutes=task.minutes),
            actor=actor,
            now=now,
        )


async def take_dispatched(
    tx: AsyncSession, task: Task, member: Member, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> None:
    """Give the locked task to the member to whom the plan has assigned it already; no later plan moves it.

    What `pass_gates` refuses, `IllegalTransition` where the plan has changed its mind.
    """
    member = await pass_gates(tx, task, member, rules=rules, actor=actor)
    performer = await require_standing(tx, member)
    if not await keep_assignment(tx, "task", task.id, performer.id):
        raise IllegalTransition(state="planned anew", wanted="grabbed")
    await _give(tx, task, member, actor=actor, now=now)


async def _give(tx: AsyncSession, task: Task, member: Member, *, actor: Actor, now: datetime) -> None:
    task.member_id = member.id
    for_another = member.account_id if member.account_id != actor.account_id else None
    await move(tx, task, "grabbed", TASK_STEPS, actor=actor, now=now, on_behalf_of=for_another)
    await timers.drop_timer(tx, TASK_DUE, task.id)
