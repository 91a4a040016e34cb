"""Students who were let in before proofs were asked for: an officer sees a paper of what their membership has, or finds
that there is none. Then she is a member as anybody of her age again, and may tell a school like any other. So she is
when she leaves unproved: who is gone keeps no number from its right holder.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.audit import Audit
from marketplace.base.clock import local_day
from marketplace.hours.errors import MemberInactive, SecondPersonNeeded
from marketplace.hours.importing.models import ImportedMember
from marketplace.hours.members.ages import is_minor
from marketplace.hours.members.errors import NotAStudent, StudentProved
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, overseen_member
from marketplace.hours.models import Member, StudentChange

PROVES = (col(StudentChange.state) == "confirmed", col(StudentChange.student_hash) == col(Member.student_hash))


async def prove_standing(
    tx: AsyncSession, member_id: UUID, *, proof: str, actor: Actor, now: datetime
) -> StudentChange:
    """An officer of the branch saw a proof of what the membership has. Proving again changes nothing.

    `Unknown`, `OwnIncident`, `SecondPersonNeeded` for who let her join, `NotAStudent`, `MemberInactive` for who left.
    """
    member = await _student(tx, member_id, actor=actor)
    proved = await _proof_of(tx, member)
    if proved is not None:
        return proved
    if await _let_her_join(tx, member, actor):
        raise SecondPersonNeeded
    proved = _standing(member, "confirmed")
    proved.decided_by, proved.decided_at, proved.proof = actor.account_id, now, proof
    tx.add(proved)
    await tx.flush()
    audit.note(tx, "student_change.confirmed", actor=actor, entity="student_change", entity_id=proved.id)
    await tell_member(tx, Acts(member, "officer"), "student_confirmed", actor=actor)
    return proved


async def reject_standing(
    tx: AsyncSession, member_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> StudentChange:
    """An officer of the branch found no proof of what the membership has, and says why: she is a student no longer.

    Her hours and tasks stay; school and number are free for whoever is proved to have them; certificates that name
    them are questioned. `Unknown`, `OwnIncident`, `NotAStudent`, `StudentProved`, `MemberInactive` for who left.
    """
    member = await _student(tx, member_id, actor=actor)
    if await _proof_of(tx, member) is not None or await tx.get(ImportedMember, member.id) is not None:
        raise StudentProved
    row = _standing(member, "rejected")
    row.decided_by, row.decided_at, row.decision = actor.account_id, now, reason
    await _lost(tx, member, row, actor=actor, now=now)
    await tell_member(tx, Acts(member, "officer"), "student_ended", actor=actor)
    return row


async def free_unproved(tx: AsyncSession, member: Member, *, actor: Actor, now: datetime) -> None:
    """The locked member leaves: what nobody proved here is free for whoever is proved to have it.

    Also of who was imported: the bank that answered for her is not asked any more. Her list keeps what it was.
    """
    if member.student_hash is not None and await _proof_of(tx, member) is None:
        await _lost(tx, member, _standing(member, "withdrawn"), actor=actor, now=now)


async def _lost(tx: AsyncSession, member: Member, row: StudentChange, *, actor: Actor, now: datetime) -> None:
    """School and number are hers no more: she is a member as anybody of her age."""
    row.before_school, row.before_number_sealed = row.school, row.student_number_sealed
    tx.add(row)
    under_age = member.birth_on is not None and is_minor(member.birth_on, local_day(now))
    member.kind = "minor" if under_age and member.guardian_id is not None else "individual"
    member.school = member.student_number_sealed = member.student_hash = None
    member.version += 1
    await tx.flush()
    audit.note(tx, f"student_change.{row.state}", actor=actor, entity="student_change", entity_id=row.id)


async def _student(tx: AsyncSession, member_id: UUID, *, actor: Actor) -> Member:
    """The member with her row locked, who is a student by what her membership has."""
    await overseen_member(tx, member_id, actor=actor)
    member = await locked_member(tx, member_id)
    if member.state == "left":
        raise MemberInactive(state=member.state)
    if member.student_hash is None:
        raise NotAStudent
    return member


async def _proof_of(tx: AsyncSession, member: Member) -> StudentChange | None:
    query = select(StudentChange).join(Member, col(Member.id) == col(StudentChange.member_id))
    return await tx.scalar(query.where(col(Member.id) == member.id, *PROVES).limit(1))


def _standing(member: Member, state: str) -> StudentChange:
    """What the membership has, as a row of her list. Nobody is known to have told it."""
    if member.school is None or member.student_number_sealed is None or member.student_hash is None:
        raise NotAStudent
    return StudentChange(
        member_id=member.id,
        school=member.school,
        student_number_sealed=member.student_number_sealed,
        student_hash=member.student_hash,
        state=state,
        asked_at=member.joined_at,
    )


async def _let_her_join(tx: AsyncSession, member: Member, actor: Actor) -> bool:
    """Did the actor write the membership down? Nothing but the log of acts says it."""
    joined = exists().where(
        col(Audit.actor_id) == actor.account_id,
        col(Audit.action) == "member.joined",
        col(Audit.entity_id) == str(member.id),
    )
    return bool(await tx.scalar(select(joined)))
