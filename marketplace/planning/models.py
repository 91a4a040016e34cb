"""Tables of planning: the request to plan a district's day, and the plans that came of it.

A request is one row per district and day that only counts up: many changes while a plan is being made cause one
more run, not many. A claim is a lease in the row, so that two workers never plan the same day at once.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class PlanRequest(SQLModel, table=True):
    """`version` counts what was asked, `done_version` what a run has answered. `outcome` is a code of the last run.

    `claimed_until` is wall time, like every lease; `claim` names the run that holds it.
    """

    __tablename__ = "plan_request"
    __table_args__ = (
        UniqueConstraint("district_id", "day", name="plan_request_day"),
        CheckConstraint("done_version <= version", name="plan_request_done"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    district_id: UUID = Field(foreign_key="region.id")
    day: date
    asked_at: datetime = instant()
    version: int = 0
    done_version: int = 0
    claim: UUID | None = None
    claimed_until: datetime | None = instant(default=None)
    outcome: str | None = None


class Plan(SQLModel, table=True):
    """One run's result: both documents of the engine as they were, and what of the day was kept from before.

    `kept` maps a shift's id to the stops it keeps; the problem begins behind them. `left_out` are visits that
    changed while the engine worked.
    """

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("district_id", "day", "version", name="plan_version"),
        CheckConstraint("state IN ('published', 'superseded', 'rejected')", name="plan_state"),
        CheckConstraint("(state = 'rejected') = (published_at IS NULL)", name="plan_published"),
        Index("plan_in_force", "district_id", "day", unique=True, postgresql_where=text("state = 'published'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    district_id: UUID = Field(foreign_key="region.id")
    day: date
    version: int
    state: str
    problem: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    plan: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    kept: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    left_out: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    policy: str
    seconds: float
    created_at: datetime = instant()
    published_at: datetime | None = instant(default=None)
