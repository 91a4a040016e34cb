"""Students who wait for a proof.

`first`: she told it on joining and is no student yet · `changed`: she is one and told another school or number ·
`standing`: she is one since before proofs were asked for. Imported students are proved by the bank that is imported.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.hours.importing.models import ImportedMember
from marketplace.hours.members.students_of_before import PROVES
from marketplace.hours.models import Member, StudentChange
from marketplace.people.models import Region

What = Literal["first", "changed", "standing"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A member and what of her waits: a change that was told, or, without one, what her membership has."""

    member: Member
    change: StudentChange | None

    @property
    def cursor(self) -> UUID:
        """Ids are made in the order of time: the older one waits longer."""
        return self.change.id if self.change else self.member.id

    @property
    def what(self) -> What:
        """Is she no student yet, another one, or one that was never proved?"""
        if self.change is None:
            return "standing"
        return "first" if self.member.student_hash is None else "changed"

    @property
    def school(self) -> str:
        """As it was told."""
        return self.change.school if self.change else self.member.school or ""

    @property
    def number_sealed(self) -> bytes | None:
        """As it was told."""
        return self.change.student_number_sealed if self.change else self.member.student_number_sealed

    @property
    def since(self) -> datetime:
        """When it was told."""
        return self.change.asked_at if self.change else self.member.joined_at

    @property
    def told_by(self) -> UUID | None:
        """Who told it, and so does not confirm it; None where no change says it."""
        return self.change.asked_by if self.change else None


async def waiting_of(tx: AsyncSession, member: Member) -> Waiting | None:
    """What of a member waits for a proof, if anything does."""
    told = (await tx.execute(_told().where(col(Member.id) == member.id))).one_or_none()
    if told is not None:
        return Waiting(member, told[1])
    unproved = await tx.scalar(_unproved().where(col(Member.id) == member.id))
    return Waiting(member, None) if unproved is not None else None


async def waiting_students(
    tx: AsyncSession, *, actor: Actor, district_id: UUID | None = None, after: UUID | None = None, limit: int = 50
) -> list[Waiting]:
    """Who waits in the branches within the actor's reach, or in one of them, the oldest first."""
    told = _told().order_by(col(StudentChange.id))
    unproved = _unproved().order_by(col(Member.id))
    if after is not None:
        told, unproved = told.where(col(StudentChange.id) > after), unproved.where(col(Member.id) > after)
    here = _within(actor, district_id)
    found = [Waiting(member, change) for member, change in await tx.execute(told.where(here).limit(limit))]
    found += [Waiting(member, None) for member in await tx.scalars(unproved.where(here).limit(limit))]
    return sorted(found, key=lambda one: one.cursor)[:limit]


def _told() -> Select[Member, StudentChange]:
    return (
        select(Member, StudentChange)
        .join(StudentChange, col(StudentChange.member_id) == col(Member.id))
        .where(col(StudentChange.state) == "pending", col(Member.state) != "left")
    )


def _unproved() -> Select[Member]:
    """Students of whom nothing is proved, and nothing told that waits."""
    hers = col(StudentChange.member_id) == col(Member.id)
    return select(Member).where(
        col(Member.kind) == "student",
        col(Member.state) != "left",
        ~exists().where(hers, *PROVES),
        ~exists().where(hers, col(StudentChange.state) == "pending"),
        ~exists().where(col(ImportedMember.member_id) == col(Member.id)),
    )


def _within(actor: Actor, district_id: UUID | None) -> ColumnElement[bool]:
    reach = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    if district_id is not None:
        reach = reach.where(col(Region.id) == district_id)
    return col(Member.district_id).in_(reach)
