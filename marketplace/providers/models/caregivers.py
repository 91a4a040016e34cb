"""A caregiver is a provider's performer; her weekly shifts are the pattern from which real shifts are rolled out."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.ids import new_id


class Caregiver(SQLModel, table=True):
    """What a provider knows of a performer beyond `visits`; both rows share the id.

    She starts and ends at her place. Without a training date, and before it, she gets no shift.
    """

    __tablename__ = "caregiver"
    __table_args__ = (
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="caregiver_place"),
        CheckConstraint("capacity_boxes BETWEEN 0 AND 100", name="caregiver_boxes"),
    )

    id: UUID = Field(primary_key=True, foreign_key="performer.id")
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    trained_on: date | None = None
    lon: float
    lat: float
    capacity_boxes: int = 0


class WeeklyShift(SQLModel, table=True):
    """A working period that comes every week, in the city's wall time. Monday is weekday 0."""

    __tablename__ = "weekly_shift"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekly_shift_weekday"),
        CheckConstraint("ends > starts", name="weekly_shift_period"),
        CheckConstraint("break_seconds BETWEEN 0 AND 14400", name="weekly_shift_break_seconds"),
        CheckConstraint(
            "(break_seconds = 0 AND break_from IS NULL AND break_until IS NULL) OR (break_seconds > 0"
            " AND break_from IS NOT NULL AND break_until IS NOT NULL"
            " AND break_from >= starts AND break_until >= break_from AND break_until <= ends)",
            name="weekly_shift_break",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    caregiver_id: UUID = Field(foreign_key="caregiver.id", index=True)
    weekday: int
    starts: time
    ends: time
    break_from: time | None = None
    break_until: time | None = None
    break_seconds: int = 0
