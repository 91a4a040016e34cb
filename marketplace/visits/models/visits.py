"""A visit: one attendance at an elder's, whatever it is for, with its place, window, skills and crew."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

VISIT_STEPS = machine(
    planned="published missed cancelled",
    published="planned checked_in missed cancelled",
    checked_in="checked_out",
    checked_out="exception approved",
    exception="approved rejected",
    approved="settled",
    settled="",
    rejected="",
    missed="",
    cancelled="",
)
STARTED = frozenset({"checked_in", "checked_out", "exception", "approved", "settled", "rejected"})


class Visit(SQLModel, table=True):
    """Service may start within the window, both ends inclusive. `cause` says what the visit is for.

    A visit with a kitchen is a delivery: so many boxes are fetched there and ride at most `max_ride_seconds`.
    `findings` are the codes of what its evidence lacks; `excluded` performers are not planned for it.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("cause_kind IN ('booking', 'task')", name="visit_cause"),
        CheckConstraint("window_end >= window_start", name="visit_window"),
        CheckConstraint("service_seconds > 0", name="visit_service"),
        CheckConstraint("crew_size BETWEEN 1 AND 4", name="visit_crew"),
        CheckConstraint("priority BETWEEN 1 AND 100", name="visit_priority"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="visit_place"),
        CheckConstraint(
            "(kitchen_id IS NULL AND boxes = 0) OR (kitchen_id IS NOT NULL AND kitchen_lon BETWEEN -180 AND 180"
            " AND kitchen_lat BETWEEN -90 AND 90 AND boxes > 0 AND crew_size = 1)",
            name="visit_kitchen",
        ),
        CheckConstraint("max_ride_seconds > 0", name="visit_ride"),
        CheckConstraint(
            "state IN ('planned', 'published', 'checked_in', 'checked_out', 'exception', 'approved', 'settled',"
            " 'rejected', 'missed', 'cancelled')",
            name="visit_state",
        ),
        Index("visit_of_cause", "cause_kind", "cause_id"),
        Index("visit_day", "district_id", "window_start"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    cause_kind: str
    cause_id: UUID
    elder_id: UUID = Field(foreign_key="elder.id", index=True)
    district_id: UUID = Field(foreign_key="region.id")
    service: str
    lon: float
    lat: float
    window_start: datetime = instant()
    window_end: datetime = instant()
    service_seconds: int
    crew_size: int = 1
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    priority: int = 50
    mandatory: bool = False
    kitchen_id: UUID | None = None
    kitchen_lon: float | None = None
    kitchen_lat: float | None = None
    boxes: int = 0
    max_ride_seconds: int | None = None
    excluded: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    findings: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    state: str = "planned"
    version: int = 1
