"""A member: a person, a group or a provider with an account in one branch's book.

An elder who signs in is one member, not two: her row names both the elder and the account.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

MEMBER_STEPS = machine(
    pending="active left",
    active="pending suspended ended left",
    suspended="active pending ended left",
    ended="active suspended left",
    left="active pending",
)
LARGEST_GROUP = 500
ONLY_DONATE = frozenset({"group", "provider"})  # kinds that are no person


class Member(SQLModel, table=True):
    """`ledger_account` is the account in the home branch's book; `performer_id` is set for who may take tasks.

    pending: a minor whose guardian has not consented · ended: by sanction, the account still open · left: it is closed.
    A group is `size` people under a `name` for whom `contact_id` acts; `guardian_id` is the member who answers for a
    minor. The number of a student is sealed; its hash with the school's name is of one member only.
    `excess_to` is the pool that she chose for what passes her caps; None: the first that the rule set names.
    """

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("kind IN ('individual', 'minor', 'student', 'group', 'elder', 'provider')", name="member_kind"),
        CheckConstraint("(kind = 'elder') = (elder_id IS NOT NULL)", name="member_elder"),
        CheckConstraint("(kind = 'provider') = (provider_id IS NOT NULL)", name="member_provider"),
        CheckConstraint(
            "kind NOT IN ('individual', 'minor', 'student') OR account_id IS NOT NULL", name="member_individual"
        ),
        CheckConstraint("kind <> 'minor' OR (guardian_id IS NOT NULL AND birth_on IS NOT NULL)", name="member_minor"),
        CheckConstraint(
            "num_nulls(school, student_number_sealed, student_hash) = CASE kind WHEN 'student' THEN 0 ELSE 3 END",
            name="member_student",
        ),
        CheckConstraint(
            "num_nulls(name, contact_id, size) = CASE kind WHEN 'group' THEN 0 ELSE 3 END", name="member_group"
        ),
        CheckConstraint(f"size BETWEEN 2 AND {LARGEST_GROUP}", name="member_size"),
        CheckConstraint("state IN ('pending', 'active', 'suspended', 'ended', 'left')", name="member_state"),
        Index("member_students", "id", postgresql_where=text("kind = 'student'")),
        CheckConstraint("excess_to IN ('branch', 'city')", name="member_excess"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    account_id: UUID | None = Field(default=None, foreign_key="account.id", unique=True)
    elder_id: UUID | None = Field(default=None, foreign_key="elder.id", unique=True)
    provider_id: UUID | None = Field(default=None, foreign_key="provider.id", unique=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    performer_id: UUID | None = Field(default=None, foreign_key="performer.id", unique=True)
    ledger_account: UUID = Field(unique=True)
    state: str = "active"
    version: int = 1
    joined_at: datetime = instant()
    birth_on: date | None = None
    guardian_id: UUID | None = Field(default=None, foreign_key="member.id", index=True)
    consented_at: datetime | None = instant(default=None)
    school: str | None = None
    student_number_sealed: bytes | None = None
    student_hash: bytes | None = Field(default=None, unique=True)
    name: str | None = None
    contact_id: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    size: int | None = None
    suspended_until: datetime | None = instant(default=None)
    excess_to: str | None = None

    @property
    def may_redeem(self) -> bool:
        """May its hours ever be spent, or passed on but by donating? Not those of groups and organisations."""
        return self.kind not in ONLY_DONATE
