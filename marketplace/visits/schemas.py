"""What goes in and out of visits over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.visits.models import Shift, Visit
from marketplace.web.schemas import In, Instant, Out

VisitState = Literal[
    "planned",
    "published",
    "checked_in",
    "checked_out",
    "exception",
    "approved",
    "settled",
    "rejected",
    "missed",
    "cancelled",
]
Reason = Annotated[str, Field(min_length=3, max_length=500, examples=["seen by the community's officer"])]


class ReportIn(In):
    """A check-in or check-out as the performer's device made it. Send it again with the same id if in doubt."""

    event_id: UUID = Field(description="made by the device", examples=["0195a3f0-0000-7000-8000-000000000001"])
    device_at: Instant = Field(examples=["2026-03-02T09:02:11+08:00"])
    lon: Annotated[float, Field(ge=-180, le=180, examples=[8.6821])]
    lat: Annotated[float, Field(ge=-90, le=90, examples=[49.4013])]
    accuracy_metres: Annotated[float, Field(ge=0, le=100_000, examples=[12.5])]
    mocked: bool = Field(default=False, description="the device says that its place is made up")


class CheckedOut(Out):
    """A report as it was kept. `verdict` is `ok` or the codes of what an officer will look at."""

    event_id: UUID
    assignment_id: UUID
    visit_id: UUID
    device_at: datetime
    received_at: datetime
    distance_metres: int = Field(examples=[23])
    verdict: str = Field(examples=["ok", "far late"])
    assignment_state: str = Field(examples=["checked_in"])
    visit_state: VisitState = Field(examples=["checked_in"])


class ReasonIn(In):
    """Why, in the actor's words."""

    reason: Reason


class VisitOut(Out):
    """One attendance. `findings` are the codes of what its evidence lacks."""

    id: UUID
    cause_kind: Literal["booking", "task"]
    cause_id: UUID
    elder_id: UUID
    district_id: UUID
    service: str = Field(examples=["bath"])
    window_start: datetime
    window_end: datetime
    service_seconds: int = Field(examples=[3600])
    crew_size: int = Field(examples=[2])
    priority: int
    boxes: int
    findings: list[str] = Field(examples=[["far", "short"]])
    state: VisitState
    version: int

    @classmethod
    def of(cls, visit: Visit) -> "VisitOut":
        return cls.model_validate(visit.model_dump(include=set(cls.model_fields)))


class VisitPage(Out):
    """Visits in the order of their ids; `next_after` is the cursor of the page that follows, if any."""

    items: list[VisitOut]
    next_after: UUID | None


class ShiftOut(Out):
    """A shift's standing."""

    id: UUID
    performer_id: UUID
    district_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: Literal["open", "withdrawn"]
    version: int

    @classmethod
    def of(cls, shift: Shift) -> "ShiftOut":
        return cls.model_validate(shift.model_dump(include=set(cls.model_fields)))
