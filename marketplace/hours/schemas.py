"""What the time bank's routes take and give. All hours are minutes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.hours.ledger.schemas import RootOut
from marketplace.hours.tasks.sources import PaidBy
from marketplace.web.schemas import In, Instant, Out, Text

TaskKind = Literal["companionship", "escort", "shopping", "cleaning", "welfare_visit"]
TaskState = Literal["published", "grabbed", "credited", "missed", "expired", "cancelled"]
Skill = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class MemberIn(In):
    """Join the time bank: nothing named is oneself; an officer names an account or an elder."""

    account_id: UUID | None = None
    elder_id: UUID | None = None
    district_id: UUID | None = Field(default=None, description="home branch; an elder's is her district")
    gender: Literal["f", "m"] | None = Field(default=None, examples=["f"], description="needed of volunteers")
    mode: Literal["walk", "ebike", "car"] = Field(default="walk", examples=["walk"])
    skills: Annotated[tuple[Skill, ...], Field(max_length=20)] = Field(default=(), examples=[["escort"]])


class MemberOut(Out):
    """A member. `performer_id` is set for who may take tasks."""

    id: UUID
    kind: Literal["individual", "elder", "provider"]
    account_id: UUID | None
    elder_id: UUID | None
    provider_id: UUID | None
    district_id: UUID
    performer_id: UUID | None
    state: Literal["active", "suspended", "left"]
    joined_at: datetime


class EntryOut(Out):
    """One line of an account, gained above zero, given below."""

    occurred_at: datetime
    recorded_at: datetime
    minutes: int = Field(examples=[60])
    balance_after_minutes: int = Field(examples=[120])
    kind: str = Field(examples=["task"])
    reference: str
    words: str = Field(examples=["志愿服务（陪伴）获得 60 分钟"])


class HoursOut(Out):
    """One's account now. `held` is set aside for what was asked for and not yet served."""

    member_id: UUID
    district_id: UUID
    balance_minutes: int = Field(examples=[180])
    held_minutes: int = Field(examples=[60])
    available_minutes: int = Field(examples=[120])
    owed_minutes: int = Field(examples=[0])
    entries: list[EntryOut]


class StatementOut(Out):
    """`opening + Σ minutes = closing` over all pages; both days inclusive.

    `next_after` is the cursor of the page that follows, if any; `root` the newest published root of these days.
    """

    member_id: UUID
    since: date
    until: date
    opening_minutes: int
    closing_minutes: int
    entries: list[EntryOut]
    next_after: int | None
    root: RootOut | None


class TaskIn(In):
    """Ask volunteers for help. The window is when it may begin; `paid_by: auto` lets the time bank find the hours."""

    elder_id: UUID
    kind: TaskKind = Field(examples=["companionship"])
    window_start: Instant = Field(examples=["2026-03-03T10:00:00+08:00"])
    window_end: Instant = Field(examples=["2026-03-03T11:00:00+08:00"])
    minutes: Annotated[int, Field(gt=0, le=1440, examples=[60])]
    paid_by: PaidBy = "auto"
    notes: Text | None = Field(default=None, description="for the volunteer who takes it, and nobody before")


class CancelTaskIn(In):
    """Why."""

    reason: Annotated[str, Field(min_length=2, max_length=200, examples=["女儿回来了"])]


class OpenTaskOut(Out):
    """A task to be taken. Where and for whom exactly is told to the volunteer who takes it."""

    id: UUID
    kind: TaskKind
    district_id: UUID
    community_id: UUID
    community_zh: str
    community_en: str
    distance_metres: int | None = Field(description="to the community's middle", examples=[850])
    window_start: datetime
    window_end: datetime
    minutes: int


class OpenTaskPage(Out):
    """Open tasks in the order of publishing; `next_after` is the cursor of the page that follows, if any."""

    items: list[OpenTaskOut]
    next_after: UUID | None


class TaskOut(Out):
    """A task. Whose hours pay for it, and why, is told to those who ask for the elder, not to the volunteer."""

    id: UUID
    elder_id: UUID
    district_id: UUID
    kind: TaskKind
    window_start: datetime
    window_end: datetime
    minutes: int
    notes: str | None
    state: TaskState
    version: int
    visit_id: UUID | None
    assignment_id: UUID | None = Field(description="for check-in and check-out by the volunteer")
    source_kind: Literal["own", "relative", "pool", "programme"] | None
    source_reason: str | None = Field(examples=["own has 90 of 60: the beneficiary's own"])
    verified_minutes: int | None
    credited_minutes: int | None
    excess_minutes: int | None = Field(description="above the volunteer's caps; went to the branch's pool")
