"""Sending back: a volunteer does not come to a dispatched task, and the day is planned anew without her for it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.hours.models import Member, Task
from marketplace.visits.service import exclude, hand_over, visits_of


async def send_back(tx: AsyncSession, task: Task, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """The member does not come: her assignment goes, and a new plan leaves her out of this task."""
    for visit in await visits_of(tx, "task", task.id):
        await hand_over(tx, "task", task.id, skills=visit.skills, kitchen=None, actor=actor, now=now, reason=reason)
    if member.performer_id is not None:
        await exclude(tx, "task", task.id, member.performer_id)
    await want_plan(tx, task.district_id, local_day(task.window_start))


async def want_plan(tx: AsyncSession, district_id: UUID, day: date) -> None:
    """Message dispatch.wanted: the day has something for a plan."""
    await outbox.send(tx, "dispatch.wanted", district_id=district_id, day=day.isoformat())
