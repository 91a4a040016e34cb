"""What stands in a member's file: training passed, insurance taken out. Rows only grow."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Training(SQLModel, table=True):
    """A training that a member passed; `valid_until` None: for good."""

    __tablename__ = "training"
    __table_args__ = (
        CheckConstraint("kind IN ('induction', 'first_aid', 'dementia_care', 'escort_safety')", name="training_kind"),
        CheckConstraint("valid_until >= passed_on", name="training_period"),
        UniqueConstraint("member_id", "kind", "passed_on", name="training_once"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id")
    kind: str
    passed_on: date
    valid_until: date | None = None
    recorded_by: UUID | None = Field(default=None, foreign_key="account.id")
    recorded_at: datetime = instant()


class Insurance(SQLModel, table=True):
    """A volunteer's accident insurance, both days inclusive. The policy's number is sealed under the member's key."""

    __tablename__ = "insurance"
    __table_args__ = (
        CheckConstraint("valid_until >= valid_from", name="insurance_period"),
        UniqueConstraint("member_id", "valid_from", name="insurance_once"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id")
    insurer: str
    policy_number_sealed: bytes
    valid_from: date
    valid_until: date
    recorded_by: UUID | None = Field(default=None, foreign_key="account.id")
    recorded_at: datetime = instant()
