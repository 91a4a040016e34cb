"""What goes in and out of planning over HTTP."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from marketplace.planning.models import Plan, PlanRequest
from marketplace.web.schemas import In, Out


class PlanIn(In):
    """Ask for a district's day to be planned; with `dry_run` the answer shows the plan and nothing is stored."""

    district_id: UUID
    day: date = Field(examples=["2026-03-02"])
    dry_run: bool = False


class PlanRequestOut(Out):
    """How far a day's planning is: `waiting` until `done_version` has reached `version`."""

    district_id: UUID
    day: date
    version: int = Field(examples=[3])
    done_version: int = Field(examples=[2])
    state: Literal["waiting", "done"]
    outcome: str | None = Field(description="code of the last run", examples=["published", "no_shifts"])

    @classmethod
    def of(cls, request: PlanRequest) -> "PlanRequestOut":
        return cls(
            district_id=request.district_id,
            day=request.day,
            version=request.version,
            done_version=request.done_version,
            state="done" if request.done_version >= request.version else "waiting",
            outcome=request.outcome,
        )


class PlanRequests(Out):
    """The days being planned or planned before."""

    items: list[PlanRequestOut]


class PlanOut(Out):
    """A plan in short."""

    id: UUID
    district_id: UUID
    day: date
    version: int
    state: Literal["published", "superseded", "rejected"]
    policy: str = Field(examples=["taiyuan@1"])
    seconds: float
    unassigned: int
    created_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, plan: Plan) -> "PlanOut":
        return cls(
            **plan.model_dump(include=set(cls.model_fields) - {"unassigned"}),
            unassigned=len(plan.plan["unassigned"]),
        )


class Plans(Out):
    """Plans, newest first."""

    items: list[PlanOut]


class StopOut(Out):
    """One stop. `late_seconds` is how much later than planned it is expected to end, by the reports so far."""

    kind: Literal["start", "visit", "pickup", "dropoff", "break", "end"]
    visit_id: UUID | None
    elder_id: UUID | None
    service: str | None
    member: int
    lon: float | None
    lat: float | None
    arrives_at: datetime
    starts_at: datetime
    departs_at: datetime
    travel_seconds: int
    travel_metres: int
    boxes: int
    kept: bool = Field(description="stood before the plan was made and was not moved by it")
    state: str | None = Field(examples=["published"])
    late_seconds: int


class RouteOut(Out):
    """The stops of one shift in their order."""

    shift_id: UUID
    performer_id: UUID
    performer: str
    mode: str
    stops: list[StopOut]
    totals: dict[str, int]


class UnassignedOut(Out):
    """A visit that the plan does not serve, why, and the smallest tried change that would let it in."""

    visit_id: UUID
    elder_id: UUID | None
    service: str | None
    lon: float | None
    lat: float | None
    window_start: datetime | None
    window_end: datetime | None
    reasons: list[dict[str, str]] = Field(examples=[[{"code": "skill", "detail": "nobody on duty holds: bath"}]])
    nearest_change: dict[str, Any] | None


class PlanDetail(Out):
    """All a console shows of a plan."""

    status: Literal["feasible", "infeasible"]
    routes: list[RouteOut]
    unassigned: list[UnassignedOut]
    cost: dict[str, int]
    indicators: dict[str, Any]


class PlanFull(PlanDetail):
    """A stored plan with all its routes."""

    plan: PlanOut


class RouteStop(Out):
    """One stop of the performer's own route: a kitchen, or an elder's home.

    Name, address and telephone are given from a day before the visit to a day after it.
    """

    kind: Literal["pickup", "visit"]
    assignment_id: UUID | None
    visit_ids: list[UUID]
    elder_id: UUID | None
    elder_name: str | None
    phone_masked: str | None = Field(examples=["•••0012"])
    address: str | None
    access_notes: str | None
    tasks: list[str] = Field(examples=[["bath"]])
    lon: float
    lat: float
    navigate: str = Field(description="for a map program", examples=["geo:49.4013,8.6821"])
    window_start: datetime
    window_end: datetime
    starts_at: datetime
    ends_at: datetime
    travel_seconds: int
    travel_metres: int
    boxes: int
    crew_size: int
    state: str


class MyRoute(Out):
    """What the signed-in performer does on a day, in order."""

    day: date
    stops: list[RouteStop]
