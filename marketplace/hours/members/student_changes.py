"""A school and a number in it: told by the student or for her, confirmed by an officer who saw a paper of it.

The first makes her a student member; until then she is a member as anybody of her age, and serves. Of another the
membership, and so every certificate, has the old ones until then. What was proved, when, and by what stays.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, locks
from marketplace.base.actor import Actor
from marketplace.base.crypto import Erased, Vault
from marketplace.base.errors import Unknown
from marketplace.base.states import move
from marketplace.hours.errors import MemberInactive, SecondPersonNeeded
from marketplace.hours.members.errors import NotAStudent, StudentKept, StudentUnchanged
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, member_for, overseen_member, right_over
from marketplace.hours.members.students import FIELD, Student, require_free, sealed_student
from marketplace.hours.models import CHANGE_STEPS, Member, StudentChange

LEARNERS = frozenset({"individual", "minor", "student"})  # who may be a student of a school


async def ask_change(
    tx: AsyncSession, vault: Vault, member_id: UUID, *, school: str, number: str, actor: Actor, now: datetime
) -> StudentChange:
    """Tell a school and number, for whoever acts for the member. They take the place of what is pending.

    `Unknown`, `NotAStudent` for who cannot be one, `MemberInactive` for who left, `StudentUnchanged`, `StudentTaken`.
    """
    await member_for(tx, member_id, actor=actor)
    member = await locked_member(tx, member_id)
    if member.account_id is None or member.kind not in LEARNERS:
        raise NotAStudent
    if member.state == "left":
        raise MemberInactive(state=member.state)
    student = await sealed_student(tx, vault, member.account_id, school=school, number=number)
    if student.hash == member.student_hash:
        raise StudentUnchanged
    await require_free(tx, student, member.account_id)
    return await _asked(tx, member, student, actor=actor, now=now)


async def ask_first(tx: AsyncSession, member: Member, student: Student, *, actor: Actor, now: datetime) -> None:
    """Who joins as a student has told it; what is told again changes nothing. `StudentKept` for who is one already."""
    member = await locked_member(tx, member.id)
    if member.student_hash is not None:
        if member.student_hash != student.hash:
            raise StudentKept(pointer="/student")
        return
    waits = await changes_of(tx, member.id, state="pending")
    if all(one.student_hash != student.hash for one in waits):
        await _asked(tx, member, student, actor=actor, now=now)


async def _asked(tx: AsyncSession, member: Member, student: Student, *, actor: Actor, now: datetime) -> StudentChange:
    for other in await changes_of(tx, member.id, state="pending"):
        await _end(tx, other, "withdrawn", actor=actor, now=now, reason="asked anew")
    change = StudentChange(
        member_id=member.id,
        school=student.school,
        student_number_sealed=student.number_sealed,
        student_hash=student.hash,
        asked_by=actor.account_id,
        asked_at=now,
    )
    tx.add(change)
    await tx.flush()
    audit.note(tx, "student_change.asked", actor=actor, entity="student_change", entity_id=change.id)
    right = await right_over(tx, member, scope=None, actor=actor, now=now)
    if right is not None:
        await tell_member(tx, Acts(member, right), "student_asked", actor=actor)
    return change


async def confirm_change(
    tx: AsyncSession, member_id: UUID, change_id: UUID, *, proof: str, actor: Actor, now: datetime
) -> StudentChange:
    """An officer of the branch saw a proof: from now on she is this student. Confirming again changes nothing.

    `Unknown`, `OwnIncident`, `MemberInactive` for who left, `SecondPersonNeeded` for who asked, `IllegalTransition` for
    one that ended otherwise, `StudentTaken`.
    """
    await overseen_member(tx, member_id, actor=actor)
    member, change = await _locked(tx, member_id, change_id)
    if change.state == "confirmed":
        return change
    if member.state == "left":  # nobody waits, and the number is for who does
        raise MemberInactive(state=member.state)
    if change.asked_by is not None and change.asked_by == actor.account_id:
        raise SecondPersonNeeded
    if member.account_id is None or member.kind not in LEARNERS:
        raise NotAStudent
    told = Student(change.school, change.student_number_sealed, change.student_hash)
    # another may be proved to be this very student at this moment
    await locks.wait_for(tx, f"student:{told.hash.hex()}", seed=locks.HOURS)
    await require_free(tx, told, member.account_id)
    change.before_school, change.before_number_sealed = member.school, member.student_number_sealed
    change.proof, change.decided_by, change.decided_at = proof, actor.account_id, now
    await _end(tx, change, "confirmed", actor=actor, now=now, reason=proof)
    member.kind, member.school = "student", change.school
    member.student_number_sealed, member.student_hash = change.student_number_sealed, change.student_hash
    await tell_member(tx, Acts(member, "officer"), "student_confirmed", actor=actor)
    await tx.flush()
    return change


async def reject_change(
    tx: AsyncSession, member_id: UUID, change_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> StudentChange:
    """An officer of the branch does not confirm it, and says why. `Unknown`, `OwnIncident`, `IllegalTransition`."""
    await overseen_member(tx, member_id, actor=actor)
    member, change = await _locked(tx, member_id, change_id)
    change.decision, change.decided_by, change.decided_at = reason, actor.account_id, now
    await _end(tx, change, "rejected", actor=actor, now=now, reason=reason)
    await tell_member(tx, Acts(member, "officer"), "student_rejected", actor=actor)
    return change


async def withdraw_change(
    tx: AsyncSession, member_id: UUID, change_id: UUID, *, actor: Actor, now: datetime
) -> StudentChange:
    """Whoever may ask takes it back. `Unknown`, `IllegalTransition`."""
    await member_for(tx, member_id, actor=actor)
    _, change = await _locked(tx, member_id, change_id)
    await _end(tx, change, "withdrawn", actor=actor, now=now, reason="withdrawn")
    return change


async def changes_of(tx: AsyncSession, member_id: UUID, *, state: str | None = None) -> list[StudentChange]:
    """What was ever told of a student, the newest first."""
    query = select(StudentChange).where(col(StudentChange.member_id) == member_id)
    if state is not None:
        query = query.where(col(StudentChange.state) == state)
    return list(await tx.scalars(query.order_by(col(StudentChange.id).desc())))


async def number_in(tx: AsyncSession, vault: Vault, member: Member, sealed: bytes | None) -> str | None:
    """A number of hers in clear, for whoever may see her file; None once she was forgotten."""
    if sealed is None or member.account_id is None:
        return None
    try:
        return await vault.open(tx, member.account_id, FIELD, sealed)
    except Erased:
        return None


async def _locked(tx: AsyncSession, member_id: UUID, change_id: UUID) -> tuple[Member, StudentChange]:
    member = await locked_member(tx, member_id)  # before the change, as when it is asked for
    change = await tx.get(StudentChange, change_id, with_for_update=True, populate_existing=True)
    if change is None or change.member_id != member.id:
        raise Unknown(what="student change")
    return member, change


async def _end(
    tx: AsyncSession, change: StudentChange, state: str, *, actor: Actor, now: datetime, reason: str
) -> None:
    await move(tx, change, state, CHANGE_STEPS, actor=actor, now=now, reason=reason)
    audit.note(tx, f"student_change.{state}", actor=actor, entity="student_change", entity_id=change.id)
