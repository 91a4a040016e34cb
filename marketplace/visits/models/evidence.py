"""Evidence of an attendance: check-ins and check-outs as the performer's device reported them. Rows only grow."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant


class CheckEvent(SQLModel, table=True):
    """One report, under an id its device made, with the device's time and ours. `verdict` is `ok` or what is wrong.

    in, out: one came and went · knock, left: nobody opens, and one left after waiting.
    """

    __tablename__ = "check_event"
    __table_args__ = (
        CheckConstraint("kind IN ('in', 'out', 'knock', 'left')", name="check_event_kind"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="check_event_place"),
        CheckConstraint("accuracy_metres >= 0 AND distance_metres >= 0", name="check_event_metres"),
        UniqueConstraint("assignment_id", "kind", name="check_event_once"),
    )

    id: UUID = Field(primary_key=True)
    assignment_id: UUID = Field(foreign_key="assignment.id")
    kind: str
    device_at: datetime = instant()
    received_at: datetime = instant()
    lon: float
    lat: float
    accuracy_metres: float
    mocked: bool
    distance_metres: float
    verdict: str
