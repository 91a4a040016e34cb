"""An assignment: one performer's place in one visit's crew, with the time planned for it.

The exclusion constraint has the last word: nobody is ever in two places. It is deferred, so that two performers
may swap within one transaction.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

ASSIGNMENT_STEPS = machine(
    planned="published withdrawn",
    published="checked_in withdrawn",
    checked_in="checked_out",
    checked_out="",
    withdrawn="",
)


class Assignment(SQLModel, table=True):
    """`planned_from` to `planned_until` is the service at the elder's; travel before it is told beside.

    `pickup_at` is when a delivery's boxes are fetched. `plan_id` is None for what a person assigned by hand.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint(
            "state IN ('planned', 'published', 'checked_in', 'checked_out', 'withdrawn')", name="assignment_state"
        ),
        CheckConstraint("planned_until > planned_from", name="assignment_period"),
        CheckConstraint("pickup_at <= planned_from", name="assignment_pickup"),
        CheckConstraint("member BETWEEN 0 AND 3", name="assignment_member"),
        CheckConstraint("travel_seconds >= 0 AND travel_metres >= 0", name="assignment_travel"),
        ExcludeConstraint(
            ("performer_id", "="),
            (text("tstzrange(planned_from, planned_until)"), "&&"),
            where=text("state IN ('planned', 'published', 'checked_in')"),
            name="assignment_one_place",
            using="gist",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(
            "assignment_member_once",
            "visit_id",
            "member",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    visit_id: UUID = Field(foreign_key="visit.id", index=True)
    member: int = 0
    performer_id: UUID = Field(foreign_key="performer.id")
    shift_id: UUID | None = Field(default=None, foreign_key="shift.id", index=True)
    plan_id: UUID | None = Field(default=None, index=True)
    planned_from: datetime = instant()
    planned_until: datetime = instant()
    pickup_at: datetime | None = instant(default=None)
    travel_seconds: int = 0
    travel_metres: int = 0
    state: str = "planned"
    version: int = 1
