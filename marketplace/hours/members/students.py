"""Students: known to the time bank by school and number, so that a certificate names the right one.

The number is sealed; a keyed hash of school and number keeps two accounts from being one student.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Vault
from marketplace.hours.members.errors import StudentTaken
from marketplace.hours.models import Member

FIELD = "student_number"


@dataclass(frozen=True, slots=True)
class Student:
    """A school, and a number in it as it may be kept."""

    school: str
    number_sealed: bytes
    hash: bytes


async def sealed_student(tx: AsyncSession, vault: Vault, account_id: UUID, *, school: str, number: str) -> Student:
    """Seal a student's number under the account's key."""
    sealed = await vault.seal(tx, account_id, FIELD, number)
    return Student(school, sealed, vault.hash("student", f"{school}:{number}"))


async def require_free(tx: AsyncSession, student: Student, account_id: UUID) -> None:
    """`StudentTaken` when another account is this student."""
    query = select(col(Member.account_id)).where(col(Member.student_hash) == student.hash)
    owner = await tx.scalar(query)
    if owner is not None and owner != account_id:
        raise StudentTaken(pointer="/student/number")


async def student_number(tx: AsyncSession, vault: Vault, member: Member) -> str | None:
    """The number in clear, for whoever may see the member's file; None for who is no student."""
    if member.student_number_sealed is None or member.account_id is None:
        return None
    return await vault.open(tx, member.account_id, FIELD, member.student_number_sealed)
