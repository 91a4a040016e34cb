"""Performers and their shifts.

A performer is anyone who attends: a caregiver of a provider, or a volunteer. A shift is one working period of hers
on one day, in exactly one district's plan; it begins and ends at one place.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Performer(SQLModel, table=True):
    """Someone who attends visits. `provider_id` names a caregiver's provider; volunteers have none."""

    __tablename__ = "performer"
    __table_args__ = (
        CheckConstraint("kind IN ('caregiver', 'volunteer')", name="performer_kind"),
        CheckConstraint("kind = 'volunteer' OR provider_id IS NOT NULL", name="performer_provider"),
        CheckConstraint("gender IN ('f', 'm')", name="performer_gender"),
        CheckConstraint("mode IN ('walk', 'ebike', 'car')", name="performer_mode"),
        CheckConstraint("state IN ('active', 'left')", name="performer_state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    account_id: UUID = Field(foreign_key="account.id", index=True)
    provider_id: UUID | None = Field(default=None, index=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    name: str
    gender: str
    mode: str
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = "active"


class Shift(SQLModel, table=True):
    """A working period. `skills` hold what a visit may ask for: abilities, `gender:f`, `provider:ID`."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="shift_period"),
        CheckConstraint("capacity_boxes >= 0", name="shift_boxes"),
        CheckConstraint("break_seconds >= 0", name="shift_break_seconds"),
        CheckConstraint(
            "break_seconds = 0 OR (break_from >= starts_at AND break_until >= break_from AND break_until <= ends_at)",
            name="shift_break",
        ),
        CheckConstraint("mode IN ('walk', 'ebike', 'car')", name="shift_mode"),
        CheckConstraint("state IN ('open', 'withdrawn')", name="shift_state"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="shift_place"),
        ExcludeConstraint(
            ("performer_id", "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            where=text("state = 'open'"),
            name="shift_once",
            using="gist",
        ),
        Index("shift_day", "district_id", "day"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    performer_id: UUID = Field(foreign_key="performer.id")
    district_id: UUID = Field(foreign_key="region.id")
    day: date
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    mode: str
    lon: float
    lat: float
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    capacity_boxes: int = 0
    break_from: datetime | None = instant(default=None)
    break_until: datetime | None = instant(default=None)
    break_seconds: int = 0
    unpaid: bool = False
    state: str = "open"
    version: int = 1
