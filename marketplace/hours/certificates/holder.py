"""Whom a certificate is for: name, school and number of her membership, printed, and kept sealed under her own key."""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Vault
from marketplace.base.errors import Unknown
from marketplace.hours.certificates.errors import StudentDiffers
from marketplace.hours.certificates.models import Certificate
from marketplace.hours.members import students
from marketplace.hours.members.errors import NotAStudent, StudentNotProved
from marketplace.hours.members.student_changes import changes_of
from marketplace.hours.models import Member
from marketplace.people.models import Account, Elder

FIELD = "certificate_holder"


@dataclass(frozen=True, slots=True)
class Holder:
    """Name, school and student number as printed."""

    name: str
    school: str
    student_number: str


def owner_of(member: Member) -> UUID:
    """The person under whose data key the member's papers are sealed. `Unknown` for a member that is no person."""
    owner = member.elder_id or member.account_id  # an elder may get her account later
    if owner is None:
        raise Unknown(what="member")
    return owner


async def name_of(tx: AsyncSession, member: Member) -> str:
    """The member's name: that of her account, or of the elder she is."""
    if member.account_id is not None:
        return (await tx.get_one(Account, member.account_id)).name
    own = select(col(Elder.name)).where(col(Elder.id) == member.elder_id)  # visible: the member herself
    return (await tx.scalars(own)).one()


async def student_of(
    tx: AsyncSession, vault: Vault, member: Member, *, school: str | None, student_number: str | None
) -> Holder:
    """The student as her membership has her.

    `NotAStudent`, `StudentNotProved` as long as no officer saw a paper of it; `StudentDiffers` where something else was
    told.
    """
    number = await students.student_number(tx, vault, member)
    if member.school is None or number is None:
        raise StudentNotProved if await changes_of(tx, member.id, state="pending") else NotAStudent
    if school is not None and school != member.school:
        raise StudentDiffers(pointer="/school", field_zh="学校", field_en="school")
    if student_number is not None and student_number != number:
        raise StudentDiffers(pointer="/student_number", field_zh="学号", field_en="student number")
    return Holder(await name_of(tx, member), member.school, number)


async def sealed(tx: AsyncSession, vault: Vault, member: Member, holder: Holder) -> bytes:
    """The holder, sealed."""
    return await vault.seal(tx, owner_of(member), FIELD, json.dumps(asdict(holder), ensure_ascii=False))


async def holder_of(tx: AsyncSession, vault: Vault, member: Member, certificate: Certificate) -> Holder:
    """Whom the certificate names. `base.crypto.Erased` once she has been forgotten."""
    return Holder(**json.loads(await vault.open(tx, owner_of(member), FIELD, certificate.holder_sealed)))
