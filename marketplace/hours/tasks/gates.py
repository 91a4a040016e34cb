"""The gates of a task: who may take it, judged for the day on which it is to be done."""

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.errors import MemberInactive, NotAMember, OwnTask
from marketplace.hours.members.ages import birth_of, is_minor, require_age
from marketplace.hours.members.errors import GroupTasksOnly
from marketplace.hours.members.records.insurance import is_insured
from marketplace.hours.members.records.training import require_training
from marketplace.hours.models import Member, Task
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
    """Age and training as the city asks for them. What `require_age` refuses, `GroupTasksOnly`, `TrainingMissing`."""
    on = local_day(task.window_start)
    performer = await require_standing(tx, member)
    if member.kind != "group":
        birth_on = await birth_of(tx, member)
        require_age(birth_on, performer.gender, on=on, rules=rules.earning)
        if birth_on is not None and is_minor(birth_on, on) and rules.earning.minors == "group_tasks":
            raise GroupTasksOnly
    if rules.earning.training:
        await require_training(tx, member.id, on=on)


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
