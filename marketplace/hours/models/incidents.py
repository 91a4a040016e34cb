"""An incident: what counts against a member, once per cause, until an appeal strikes it out or its time is over.

A no-show or malice is something that she did; a suspension is an officer's measure, and is lifted by one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

INCIDENT_STEPS = machine(
    standing="appealed lifted",
    appealed="upheld struck_out lifted",
    upheld="lifted",
    struck_out="",
    lifted="",
)


class Incident(SQLModel, table=True):
    """`cause` names what it comes from (`task:ID`, a complaint's number). `recorded_by` None: the site, by rule.

    A counter is the number of incidents of its kind that are not struck out. Whoever recorded one does not decide on
    the appeal. A suspension lasts until `suspends_until`, or, without an end, until it is lifted.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("kind IN ('no_show', 'malice', 'suspension')", name="incident_kind"),
        CheckConstraint("state IN ('standing', 'appealed', 'upheld', 'struck_out', 'lifted')", name="incident_state"),
        CheckConstraint(
            "state IN ('standing', 'lifted') OR num_nulls(appeal, appealed_at) = 0", name="incident_appeal"
        ),
        CheckConstraint(
            "state NOT IN ('upheld', 'struck_out') OR num_nulls(decided_by, decision, decided_at) = 0",
            name="incident_decided",
        ),
        CheckConstraint("decided_by <> recorded_by", name="incident_two_persons"),
        CheckConstraint(
            "state <> 'lifted' OR num_nulls(lifted_by, lifted_at, lift_reason) = 0", name="incident_lifted"
        ),
        CheckConstraint(
            "kind = 'suspension' OR (suspends_until IS NULL AND state <> 'lifted')", name="incident_suspension"
        ),
        UniqueConstraint("member_id", "kind", "cause", name="incident_once"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    member_id: UUID = Field(foreign_key="member.id")
    kind: str
    cause: str
    task_id: UUID | None = Field(default=None, foreign_key="task.id", index=True)
    reason: str
    recorded_by: UUID | None = Field(default=None, foreign_key="account.id")
    recorded_at: datetime = instant()
    appeal_until: datetime = instant()
    state: str = "standing"
    version: int = 1
    appeal: str | None = None
    appealed_at: datetime | None = instant(default=None)
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decision: str | None = None
    decided_at: datetime | None = instant(default=None)
    suspends_until: datetime | None = instant(default=None)
    lifted_by: UUID | None = Field(default=None, foreign_key="account.id")
    lifted_at: datetime | None = instant(default=None)
    lift_reason: str | None = None

    def suspends(self, now: datetime) -> bool:
        """Does an officer's suspension keep the member from serving at this instant?"""
        in_force = self.kind == "suspension" and self.state not in {"struck_out", "lifted"}
        return in_force and (self.suspends_until is None or now < self.suspends_until)
