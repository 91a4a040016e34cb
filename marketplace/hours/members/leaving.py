"""Who leaves: her open tasks are given back, nobody else depends on her, and she is a member no longer.

What becomes of her hours says `hours.giving`: they are given away, or inherited, before her account closes.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Stale
from marketplace.base.states import move
from marketplace.hours.members.errors import TasksUnsettled, WardsLeft
from marketplace.hours.members.guardians import OF_AGE_DUE, wards_of
from marketplace.hours.members.standing.incidents import SUSPENSION_DUE
from marketplace.hours.members.students_of_before import free_unproved
from marketplace.hours.models import MEMBER_STEPS, Member, Task
from marketplace.hours.tasks.giving_back import UNSETTLED, put_back
from marketplace.visits.models import Performer
from marketplace.visits.service import begun_among

LEFT = "left"  # the kind of entry by which a leaving member's minutes reach the pool at once
FOLLOWED = "followed"  # the kind of entry by which what comes back reaches her in the branch to which she moved


async def require_free(tx: AsyncSession, member: Member) -> None:
    """Nothing of others keeps the locked member. `Stale` for a task taken at this very moment, `WardsLeft`."""
    if await tx.scalar(_unsettled(member).limit(1)) is not None:
        raise Stale(id=str(member.id))
    if wards := await wards_of(tx, member.id):
        raise WardsLeft(count=wards)


async def depart(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """The locked member is one no longer; the caller closes the account."""
    await move(tx, member, LEFT, MEMBER_STEPS, actor=actor, now=now, reason=reason)
    await free_unproved(tx, member, actor=actor, now=now)
    member.suspended_until = None
    for rule in (SUSPENSION_DUE, OF_AGE_DUE):
        await timers.drop_timer(tx, rule, member.id)
    if member.performer_id is not None:
        (await tx.get_one(Performer, member.performer_id)).state = LEFT
    audit.note(tx, "member.left", actor=actor, entity="member", entity_id=member.id)
    await tx.flush()


async def give_back(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime, reason: str) -> None:
    """Put the member's open tasks back; `TasksUnsettled` where one has begun. Tasks are locked before the member."""
    tasks = list(await tx.scalars(_unsettled(member).order_by(col(Task.id)).with_for_update()))
    begun = await begun_among(tx, "task", [task.id for task in tasks])
    if begun:
        raise TasksUnsettled(count=len(begun), tasks=[str(task.id) for task in tasks if task.id in begun])
    for task in tasks:
        await put_back(tx, task, actor=actor, now=now, reason=reason)


def _unsettled(member: Member) -> Select[Task]:
    return select(Task).where(col(Task.member_id) == member.id, col(Task.state).in_(UNSETTLED))
