"""What the routes of series take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.schemas import TaskIn, TaskKind, TaskState
from marketplace.hours.tasks.publishing import Channel, Taking
from marketplace.web.schemas import In, Instant, Out

SeriesState = Literal["submitted", "returned", "active", "paused", "ended"]


class SeriesIn(TaskIn):
    """Ask again and again: the window is the first one's, the rule an RRULE (RFC 5545) in the city's time."""

    rule: Annotated[str, Field(min_length=6, max_length=200, examples=["FREQ=WEEKLY;BYDAY=TU,FR"])]


class SkipIn(In):
    """Leave out the one that would begin then."""

    starts_at: Instant = Field(examples=["2026-03-10T10:00:00+08:00"])
    reason: Annotated[str, Field(min_length=2, max_length=200, examples=["当天去医院"])]


class OccurrenceOut(Out):
    """One start within the horizon. Without tasks it was left out, or could not be made yet."""

    starts_at: datetime
    task_ids: list[UUID]
    states: list[TaskState]
    skipped: bool


class SeriesOut(Out):
    """A series and what is to come of it. `trouble` is the code of what kept the newest tasks from being made."""

    id: UUID
    elder_id: UUID
    rule: str
    first_at: datetime
    kind: TaskKind
    minutes: int
    window_minutes: int
    places: int
    group_people: int | None
    gender: Literal["f", "m"] | None
    taking: Taking | None
    channel: Channel
    requested_by: UUID
    return_reason: str | None
    trouble: str | None = Field(examples=["no_hours_source"])
    state: SeriesState
    version: int
    occurrences: list[OccurrenceOut]


class SeriesPage(Out):
    """Series in the order of their ids; `next_after` is the cursor of the page that follows, if any."""

    items: list[SeriesOut]
    next_after: UUID | None
