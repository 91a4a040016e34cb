"""A series: help that an elder needs again and again, such as a neighbour who looks in every Tuesday.

Its tasks are made some weeks ahead, each under the key (series, original start), so that making them again adds none.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

SERIES_STEPS = machine(
    submitted="active returned ended",
    returned="",
    active="paused ended",
    paused="active ended",
    ended="",
)


class TaskSeries(SQLModel, table=True):
    """What each of its tasks asks for. `rule` is an RRULE (RFC 5545) counted from `first_at` in the city's time.

    submitted, returned: where the channel is reviewed, the series is, and its tasks are not once more. `trouble` is the
    code of what kept the newest tasks from being made; they are tried again every night until their start.
    """

    __tablename__ = "task_series"
    __table_args__ = (
        CheckConstraint("state IN ('submitted', 'returned', 'active', 'paused', 'ended')", name="task_series_state"),
        CheckConstraint("minutes > 0 AND window_minutes >= 0", name="task_series_minutes"),
        CheckConstraint("places >= 0 AND (places > 0 OR group_people > 1)", name="task_series_places"),
        CheckConstraint(
            "channel <> 'phone' OR num_nulls(caller_sealed, consent, consent_reference) = 0", name="task_series_phone"
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    elder_id: UUID = Field(foreign_key="elder.id", index=True)
    rule: str
    first_at: datetime = instant()
    window_minutes: int
    kind: str
    minutes: int
    paid_by: str
    notes_sealed: bytes | None = None
    gender: str | None = None
    places: int
    group_people: int | None = None
    taking: str | None = None
    requested_by: UUID = Field(foreign_key="account.id", index=True)
    channel: str
    caller_sealed: bytes | None = None
    consent: str | None = None
    consent_reference: str | None = None
    return_reason: str | None = None
    trouble: str | None = None
    state: str = "submitted"
    version: int = 1
    asked_at: datetime = instant()


class SeriesSkip(SQLModel, table=True):
    """An occurrence that shall not be: left out before it was made, or called off afterwards."""

    __tablename__ = "task_series_skip"

    series_id: UUID = Field(primary_key=True, foreign_key="task_series.id")
    starts_at: datetime = instant(primary_key=True)
