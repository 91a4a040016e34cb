"""Dispatching: the planner puts a task on a volunteer's shift, she is asked, and says yes or no.

What the plan says is followed task by task: a volunteer who may not have the task by the gates, says no, or does not
answer is excluded from it, and the day is planned anew.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import DomainError
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.answering import reserve
from marketplace.hours.tasks.sending_back import send_back
from marketplace.hours.tasks.taking import locked_task, pass_gates
from marketplace.visits.listing import day_bounds
from marketplace.visits.service import attendant, has_begun

FOLLOWED = ("published", "reserved", "grabbed")
SYSTEM = Actor.system()


async def dispatched_tasks(tx: AsyncSession, district_id: UUID, day: date) -> list[UUID]:
    """The tasks of a district's day that are dispatched and not over."""
    first, following = day_bounds(day)
    query = select(col(Task.id)).where(
        col(Task.district_id) == district_id,
        col(Task.taking) == "dispatch",
        col(Task.state).in_(FOLLOWED),
        col(Task.window_start) >= first,
        col(Task.window_start) < following,
    )
    return list(await tx.scalars(query.order_by(col(Task.id))))


async def follow_plan(tx: AsyncSession, task_id: UUID, *, rules: TimeBankRules, now: datetime) -> None:
    """Bring a task in line with whom the plan sends; repeating it changes nothing."""
    task = await locked_task(tx, task_id)
    if task.state not in FOLLOWED or now >= task.window_start or await has_begun(tx, "task", task.id):
        return
    performer_id = await attendant(tx, "task", task.id)
    member = await tx.scalar(select(Member).where(col(Member.performer_id) == performer_id)) if performer_id else None
    if task.state != "published" and (member is None or member.id != task.member_id):
        await move(tx, task, "published", TASK_STEPS, actor=SYSTEM, now=now, reason="the plan changed")
        task.member_id = None
        await tx.flush()
    if task.state == "published" and member is not None:
        try:
            member = await pass_gates(tx, task, member, rules=rules, actor=SYSTEM)
        except DomainError as refusal:
            await send_back(tx, task, member, actor=SYSTEM, now=now, reason=refusal.code)
        else:
            await reserve(tx, task, member, rules=rules, actor=SYSTEM, now=now)
