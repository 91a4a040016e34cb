"""The gates of a task: who may take it, judged for the day on which it is to be done."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import MemberInactive, NotAMember, OwnTask
from marketplace.hours.members.ages import birth_of, is_minor, require_age
from marketplace.hours.members.errors import GroupTasksOnly
from marketplace.hours.members.records.insurance import is_insured
from marketplace.hours.members.records.training import require_training
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.errors import ForGroups, GenderAskedFor, PlaceTaken
from marketplace.visits.models import Performer

Warned = Literal["insurance_lapsed"]


async def require_standing(tx: AsyncSession, member: Member) -> Performer:
    """The performer that the member is, if she may serve at present. `NotAMember`, `MemberInactive`."""
    if member.performer_id is None:
        raise NotAMember
    if member.state != "active":
        raise MemberInactive(state=member.state)
    return await tx.get_one(Performer, member.performer_id)


async def require_fit(tx: AsyncSession, member: Member, task: Task, *, rules: TimeBankRules) -> None:
    """What the city and the elder ask for, and one place each.

    What `require_age` refuses, `GroupTasksOnly`, `TrainingMissing`, `GenderAskedFor`, `ForGroups`, `PlaceTaken`.
    """
    on = local_day(task.window_start)
    performer = await require_standing(tx, member)
    if task.gender is not None and performer.gender != task.gender:
        raise GenderAskedFor(gender=task.gender)
    if (member.kind == "group") != (task.people > 1) or task.people > (member.size or 1):
        raise ForGroups(people=task.people)
    if await _has_place(tx, member, task):
        raise PlaceTaken
    if member.kind != "group":
        birth_on = await birth_of(tx, member)
        require_age(birth_on, performer.gender, on=on, rules=rules.earning)
        grouped = rules.earning.minors == "group_tasks" and not task.group_task
        if grouped and birth_on is not None and is_minor(birth_on, on):
            raise GroupTasksOnly
    if rules.earning.training:
        await require_training(tx, member.id, on=on)


async def _has_place(tx: AsyncSession, member: Member, task: Task) -> bool:
    query = select(col(Task.id)).where(
        col(Task.request_id) == task.request_id,
        col(Task.id) != task.id,
        col(Task.member_id) == member.id,
        col(Task.state).in_(["reserved", "grabbed"]),
    )
    return await tx.scalar(query.limit(1)) is not None


async def require_foreign(tx: AsyncSession, member: Member, task: Task, *, actor: Actor) -> None:
    """Nobody earns by a task asked for, paid or received by herself, or by who acts for her. `OwnTask`."""
    sides = {member.id, member.guardian_id} - {None}
    people = {actor.account_id, member.account_id, member.contact_id} - {None}
    if task.requested_by in people or (task.source_kind in {"own", "relative"} and task.source_id in sides):
        raise OwnTask
    if member.elder_id == task.elder_id:
        raise OwnTask
    if member.guardian_id is not None:
        guardian = await tx.get_one(Member, member.guardian_id)
        if guardian.elder_id == task.elder_id or task.requested_by == guardian.account_id:
            raise OwnTask


async def warnings_for(tx: AsyncSession, task: Task) -> list[Warned]:
    """What the volunteer of a task should know and what does not keep her from it."""
    if task.state != "grabbed" or task.member_id is None:
        return []
    insured = await is_insured(tx, task.member_id, on=local_day(task.window_start))
    return [] if insured else ["insurance_lapsed"]
