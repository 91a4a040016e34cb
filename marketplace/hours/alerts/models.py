"""Tables of alerts. Nobody is refused for an alert; somebody must look at it."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

ALERT_STEPS = machine(open="closed", closed="")
Kind = Literal[
    "debt_above_cap",  # a branch owes the others more than its cap; subject: its district
    "link_diverged",  # two banks do not agree, their link is suspended; subject: the link
    "import_stopped",  # a bank on its way in was stopped; subject: the import
    "series_trouble",  # nobody can pay for a recurring request's tasks; subject: the series
]


class Alert(SQLModel, table=True):
    """One is open per kind and subject: what happens again renews it. `note` says what was done about it.

    Without a district it concerns the city. `figures` are those of the last time, by name.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="alert_state"),
        CheckConstraint("state = 'open' OR num_nulls(closed_at, note) = 0", name="alert_closed"),
        CheckConstraint("times > 0 AND since <= last_on", name="alert_times"),
        Index("alert_open_once", "kind", "subject", unique=True, postgresql_where=text("state = 'open'")),
        Index("alert_subject", "kind", "subject"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    subject: UUID
    district_id: UUID | None = Field(default=None, foreign_key="region.id", index=True)
    figures: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    since: date
    last_on: date
    times: int = 1
    state: str = "open"
    version: int = 1
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
    closed_by: UUID | None = Field(default=None, foreign_key="account.id")
    note: str | None = None


class AlertCause(SQLModel, table=True):
    """What raised an alert, each once: the message that comes twice raises nothing more."""

    __tablename__ = "alert_cause"

    kind: str = Field(primary_key=True)
    subject: UUID = Field(primary_key=True)
    cause: str = Field(primary_key=True)
