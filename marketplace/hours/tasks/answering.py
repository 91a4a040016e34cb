"""Answering: a task is reserved for a member, and a yes is waited for: a guardian's for a minor, else her own.

No answer in time is a no. Only the yes assigns her, and lets her see the elder.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.members.ages import birth_of, is_minor
from marketplace.hours.members.guardians import guards
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.sending_back import send_back
from marketplace.hours.tasks.taking import locked_task, take, take_dispatched

ANSWER_DUE = "task.answer_due"


async def reserve(
    tx: AsyncSession, task: Task, member: Member, *, rules: TimeBankRules, actor: Actor, now: datetime
) -> None:
    """Keep a locked open task for the member until she, or her guardian, has answered."""
    task.member_id = member.id
    await move(tx, task, "reserved", TASK_STEPS, actor=actor, now=now)
    due_at = min(now + timedelta(minutes=rules.earning.answer_minutes), task.window_start)
    await timers.set_timer(tx, ANSWER_DUE, task.id, due_at)


async def accept(tx: AsyncSession, task_id: UUID, *, rules: TimeBankRules, actor: Actor, now: datetime) -> Task:
    """Say yes: the member has the task. `Unknown`, `IllegalTransition`, and whatever keeps a volunteer from it now."""
    task, member = await _reserved(tx, task_id, wanted="grabbed", actor=actor)
    if await waits_for_guardian(tx, member, task, rules=rules) and not await guards(tx, actor, member):
        raise Unknown(what="task")
    if task.taking == "dispatch":
        await take_dispatched(tx, task, member, rules=rules, actor=actor, now=now)
    else:
        await take(tx, task, member, rules=rules, actor=actor, now=now)
    await timers.drop_timer(tx, ANSWER_DUE, task.id)
    return task


async def decline(tx: AsyncSession, task_id: UUID, *, reason: str, actor: Actor, now: datetime) -> Task:
    """Say no, the member herself or her guardian: others may take the task. `Unknown`, `IllegalTransition`."""
    task, member = await _reserved(tx, task_id, wanted="published", actor=actor)
    await _free(tx, task, member, actor=actor, now=now, reason=reason)
    return task


async def lapse(tx: AsyncSession, task_id: UUID, *, now: datetime) -> None:
    """No answer came. A task that is not reserved, or was reserved anew meanwhile, stays."""
    task = await locked_task(tx, task_id)
    if task.state == "reserved" and task.member_id is not None:
        member = await tx.get_one(Member, task.member_id)
        await _free(tx, task, member, actor=Actor.system(), now=now, reason="no answer")


async def waits_for_guardian(tx: AsyncSession, member: Member, task: Task, *, rules: TimeBankRules) -> bool:
    """Does the city want a guardian's yes for this member on the day of the task?"""
    if rules.earning.minors != "with_guardian" or member.guardian_id is None:
        return False
    birth_on = await birth_of(tx, member)
    return birth_on is not None and is_minor(birth_on, local_day(task.window_start))


async def _reserved(tx: AsyncSession, task_id: UUID, *, wanted: str, actor: Actor) -> tuple[Task, Member]:
    task = await locked_task(tx, task_id)
    member = await tx.get(Member, task.member_id) if task.member_id is not None else None
    if member is None or not (member.account_id == actor.account_id or await guards(tx, actor, member)):
        raise Unknown(what="task")
    if task.state != "reserved":
        raise IllegalTransition(state=task.state, wanted=wanted)
    return task, member


async def _free(tx: AsyncSession, task: Task, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    await move(tx, task, "published", TASK_STEPS, actor=actor, now=now, reason=reason)
    task.member_id = None
    await timers.drop_timer(tx, ANSWER_DUE, task.id)
    await tx.flush()
    if task.taking == "dispatch":
        await send_back(tx, task, member, actor=actor, now=now, reason=reason)
