"""Reading certificates: by anybody who holds a code, by the member, by the officers of her branch."""

import base64
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.crypto import Vault
from marketplace.base.errors import Unknown
from marketplace.hours.certificates.holder import owner_of
from marketplace.hours.certificates.issuing import ALPHABET, CODE_LENGTH
from marketplace.hours.certificates.models import Certificate, CertificateKey
from marketplace.hours.members.proxies import member_for
from marketplace.hours.models import Member
from marketplace.people.access import in_reach

Status = Literal["valid", "questioned", "revoked"]
CONFUSED = str.maketrans("OIL", "011")  # what people read for a letter that the alphabet leaves out

# of these certificates, or those in force of a branch: hours were taken back, or the membership lost the school that is
# printed, as nobody could prove it
_DOUBTED = text(
    "SELECT c.id FROM certificate c WHERE (c.id = ANY(:ids) OR (c.district_id = :district AND c.state = 'issued'))"
    " AND (EXISTS (SELECT FROM certified_minutes m WHERE m.certificate_id = c.id AND NOT m.freed"
    " AND certificate_task_reversed(m.task_id))"
    " OR EXISTS (SELECT FROM student_change r WHERE r.member_id = c.member_id AND r.state = 'rejected'"
    " AND r.before_school IS NOT NULL AND r.decided_at >= c.issued_at AND NOT EXISTS (SELECT FROM student_change p"
    " WHERE p.member_id = r.member_id AND p.state = 'confirmed' AND p.student_hash = r.student_hash)))"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate with its status now.

    Questioned: hours that it certifies were taken back since, or nobody could prove the school that it prints.
    """

    certificate: Certificate
    status: Status


async def public(tx: AsyncSession, code: str) -> tuple[Shown, CertificateKey]:
    """The certificate of a code, however it was typed, with the key that signed it. `Unknown`."""
    found = await tx.scalar(select(Certificate).where(col(Certificate.code) == normal_code(code)))
    if found is None:
        raise Unknown(what="certificate")
    (shown,) = await with_status(tx, [found])
    return shown, await tx.get_one(CertificateKey, found.key_id)


def normal_code(typed: str) -> str:
    """One spelling per code: upper case, groups of four, no letter that is none of the alphabet."""
    letters = "".join(c for c in typed.upper().translate(CONFUSED) if c in ALPHABET)[: CODE_LENGTH + 1]
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


async def keys(tx: AsyncSession) -> list[CertificateKey]:
    """Every key that ever signed, newest first."""
    order = col(CertificateKey.used_since).desc(), col(CertificateKey.id)
    return list(await tx.scalars(select(CertificateKey).order_by(*order)))


async def certificates_of(tx: AsyncSession, member: Member) -> list[Shown]:
    """A member's certificates, newest first."""
    query = select(Certificate).where(col(Certificate.member_id) == member.id).order_by(col(Certificate.id).desc())
    return await with_status(tx, list(await tx.scalars(query)))


async def certificate_for(tx: AsyncSession, certificate_id: UUID, *, actor: Actor) -> tuple[Member, Shown]:
    """The certificate and its member, for whoever may see the member; else `Unknown`."""
    found = await tx.get(Certificate, certificate_id)
    if found is None:
        raise Unknown(what="certificate")
    try:
        member = await member_for(tx, found.member_id, actor=actor)
    except Unknown:
        raise Unknown(what="certificate") from None
    (shown,) = await with_status(tx, [found])
    return member, shown


async def questioned(tx: AsyncSession, district_id: UUID, *, actor: Actor) -> list[Shown]:
    """A branch's certificates in force that are questioned: an officer revokes or reissues them."""
    if not (actor.is_any(Role.OPERATOR) or await in_reach(tx, actor, district_id)):
        raise Unknown(what="branch")
    ids = (await tx.scalars(_DOUBTED, {"ids": [], "district": district_id})).all()
    query = select(Certificate).where(col(Certificate.id).in_(ids)).order_by(col(Certificate.id))
    return [Shown(one, "questioned") for one in await tx.scalars(query)]


async def may_revoke(tx: AsyncSession, certificate_id: UUID, *, actor: Actor) -> None:
    """`Unknown` unless the actor is an officer of the certificate's branch, or an operator."""
    found = await tx.get(Certificate, certificate_id)
    if found is None or not (actor.is_any(Role.OPERATOR) or await in_reach(tx, actor, found.district_id)):
        raise Unknown(what="certificate")


async def document_of(tx: AsyncSession, vault: Vault, member: Member, certificate: Certificate) -> bytes:
    """The PDF as it was issued, byte for byte. `base.crypto.Erased` once the member has been forgotten."""
    name = f"certificate:{certificate.code}"
    return base64.b64decode(await vault.open(tx, owner_of(member), name, certificate.document_sealed))


async def with_status(tx: AsyncSession, certificates: list[Certificate]) -> list[Shown]:
    """Each with its status now."""
    doubted = set(await tx.scalars(_DOUBTED, {"ids": [one.id for one in certificates], "district": None}))
    return [
        Shown(one, "revoked" if one.state == "revoked" else "questioned" if one.id in doubted else "valid")
        for one in certificates
    ]
