"""A task: an hour of help that an elder needs and a volunteer may take.

It is published only with its minutes held at their source, and ends by crediting or releasing them.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

TASK_STEPS = machine(
    published="grabbed expired cancelled",
    grabbed="credited missed cancelled",
    credited="",
    missed="",
    expired="",
    cancelled="",
)


def reference(task_id: UUID) -> str:
    """What the ledger says an entry of this task is about."""
    return f"task:{task_id}"


def hold_key(task_id: UUID) -> str:
    """The ledger's name for the minutes that a task holds."""
    return f"task:{task_id}:hold"


class Task(SQLModel, table=True):
    """`source_*` says whose minutes are held and why; `considered` what each possible source had.

    At the credit: `verified_minutes` = `credited_minutes` to the volunteer + `excess_minutes` above her caps, which
    went to the pool `excess_account`.
    """

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('companionship', 'escort', 'shopping', 'cleaning', 'welfare_visit')", name="task_kind"
        ),
        CheckConstraint("window_end >= window_start", name="task_window"),
        CheckConstraint("minutes > 0", name="task_minutes"),
        CheckConstraint("source_kind IN ('own', 'relative', 'pool', 'programme')", name="task_source"),
        CheckConstraint(
            "state IN ('published', 'grabbed', 'credited', 'missed', 'expired', 'cancelled')", name="task_state"
        ),
        CheckConstraint(
            "state NOT IN ('grabbed', 'credited', 'missed') OR member_id IS NOT NULL", name="task_volunteer"
        ),
        CheckConstraint(
            "state <> 'credited' OR (num_nulls(verified_minutes, credited_minutes, excess_minutes, served_on,"
            " minutes_by) = 0 AND verified_minutes BETWEEN 0 AND minutes AND credited_minutes >= 0"
            " AND excess_minutes >= 0 AND credited_minutes + excess_minutes = verified_minutes)",
            name="task_credit",
        ),
        CheckConstraint("minutes_by IN ('evidence', 'officer')", name="task_minutes_by"),
        Index("task_open", "district_id", "id", postgresql_where=text("state = 'published'")),
        Index("task_served", "member_id", "served_on"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    elder_id: UUID = Field(foreign_key="elder.id", index=True)
    district_id: UUID = Field(foreign_key="region.id")
    community_id: UUID = Field(foreign_key="region.id")
    kind: str
    window_start: datetime = instant()
    window_end: datetime = instant()
    minutes: int
    notes_sealed: bytes | None = None
    requested_by: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    source_kind: str
    source_id: UUID | None = None
    source_account: UUID
    source_reason: str
    considered: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    policy: str
    state: str = "published"
    version: int = 1
    member_id: UUID | None = Field(default=None, foreign_key="member.id")
    verified_minutes: int | None = None
    credited_minutes: int | None = None
    excess_minutes: int | None = None
    excess_account: UUID | None = None
    minutes_by: str | None = None
    served_on: date | None = None
    published_at: datetime = instant()

    @property
    def hold_key(self) -> str:
        """The ledger's name for the minutes that this task holds."""
        return hold_key(self.id)

    @property
    def reference(self) -> str:
        """What entries and holds of the ledger say they are about."""
        return reference(self.id)
