"""A member's file: who she is, what she gave in all, what she passed, what stands against her."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.crypto import Erased, Vault
from marketplace.base.errors import Language, Unknown
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.members.ages import birth_of
from marketplace.hours.members.errors import CauseMissing, NotTheirTask
from marketplace.hours.members.proxies import acts_for
from marketplace.hours.members.records import insurance as insurances
from marketplace.hours.members.records.training import trainings_of
from marketplace.hours.members.schemas import IncidentIn, IncidentOut, InsuranceOut, MemberFileOut, TrainingOut
from marketplace.hours.members.standing.counting import count
from marketplace.hours.members.standing.incidents import Happened, incidents_of
from marketplace.hours.members.stars import earned_minutes, stars_for
from marketplace.hours.members.student_schemas import StudentWaitsOut
from marketplace.hours.members.students import student_number
from marketplace.hours.members.waiting_students import waiting_of
from marketplace.hours.models import Insurance, Member, Task
from marketplace.hours.schemas import MemberOut


async def file_of(
    tx: AsyncSession, vault: Vault, member: Member, *, rules: TimeBankRules, actor: Actor, language: Language
) -> MemberFileOut:
    """The file, for whoever may see the member; a look by others is noted."""
    if not await acts_for(tx, actor, member):
        audit.note(tx, "member.read", actor=actor, entity="member", entity_id=member.id)
    earned = (await earned_minutes(tx, [member.id]))[member.id]
    incidents = await incidents_of(tx, member.id)
    counters = count(incidents)
    waits = await waiting_of(tx, member)
    insured = await insurances.latest_insurance(tx, member.id)
    return MemberFileOut(
        member=MemberOut.of(member),
        birth_on=await birth_of(tx, member),
        school=member.school,
        student_number=await _number(tx, vault, member),
        student_waits=StudentWaitsOut.of(waits, language) if waits else None,
        earned_minutes=earned,
        stars=stars_for(earned, rules.stars_hours),
        no_shows=counters.no_shows,
        malice=counters.malice,
        trainings=[TrainingOut.of(one) for one in await trainings_of(tx, member.id)],
        insurance=await insurance_shown(tx, vault, member, insured) if insured else None,
        incidents=[IncidentOut.of(one) for one in incidents],
    )


async def insurance_shown(tx: AsyncSession, vault: Vault, member: Member, insured: Insurance) -> InsuranceOut:
    """An insurance as an answer; without its number where the person was forgotten."""
    try:
        owner = insurances.owner_of(member)
        number = await vault.open(tx, owner, insurances.FIELD, insured.policy_number_sealed)
    except Erased:
        number = None
    return InsuranceOut.of(insured, number)


async def _number(tx: AsyncSession, vault: Vault, member: Member) -> str | None:
    try:
        return await student_number(tx, vault, member)
    except Erased:
        return None


async def happened_to(tx: AsyncSession, member_id: UUID, data: IncidentIn) -> Happened:
    """What an officer tells, with its cause. `CauseMissing`, `Unknown` task, `NotTheirTask`."""
    if data.task_id is not None:
        # before the member, as everywhere: the incident will refer to it
        task = await tx.get(Task, data.task_id, with_for_update={"read": True, "key_share": True})
        if task is None:
            raise Unknown(pointer="/task_id", what="task")
        if task.member_id != member_id:
            raise NotTheirTask(pointer="/task_id")
    elif data.cause is None:
        raise CauseMissing(pointer="/cause")
    cause = data.cause or f"task:{data.task_id}"
    return Happened(kind=data.kind, cause=cause, reason=data.reason, task_id=data.task_id)
