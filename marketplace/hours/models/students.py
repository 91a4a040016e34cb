"""A student's school and number: told by her or for her, and true once another, an officer, has seen a paper of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

CHANGE_STEPS = machine(pending="confirmed rejected withdrawn", confirmed="", rejected="", withdrawn="")


class StudentChange(SQLModel, table=True):
    """One is pending per member. Confirmed by a `proof`, school and number are the membership's.

    `before_school` and `before_number_sealed` are what they were until then, nothing for the first; of one that was
    rejected, or withdrawn as she left unproved, what the membership had and lost. Numbers are sealed under her own key.
    Who asked does not confirm.
    """

    __tablename__ = "student_change"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'confirmed', 'rejected', 'withdrawn')", name="student_change_state"),
        CheckConstraint(
            "state <> 'confirmed' OR (proof IS NOT NULL AND num_nulls(before_school, before_number_sealed) <> 1)",
            name="student_change_proof",
        ),
        CheckConstraint(
            "state NOT IN ('confirmed', 'rejected') OR num_nulls(decided_by, decided_at) = 0",
            name="student_change_decided",
        ),
        CheckConstraint("state <> 'confirmed' OR decided_by <> asked_by", name="student_change_second_person"),
        CheckConstraint("state <> 'rejected' OR decision IS NOT NULL", name="student_change_decision"),
        Index("student_change_pending", "member_id", unique=True, postgresql_where=text("state = 'pending'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    school: str
    student_number_sealed: bytes
    student_hash: bytes
    state: str = "pending"
    version: int = 1
    asked_by: UUID | None = Field(default=None, foreign_key="account.id")
    asked_at: datetime = instant()
    proof: str | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decided_at: datetime | None = instant(default=None)
    decision: str | None = None
    before_school: str | None = None
    before_number_sealed: bytes | None = None
