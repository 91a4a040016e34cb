"""What the routes of pools and programmes take and give. All hours are minutes, all money fen."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.base.timebank_rules import Category
from marketplace.hours.giving.schemas import MOST_DECIDED, Minutes, Reason
from marketplace.web.schemas import In, Out


class PoolGrantIn(In):
    """Minutes of the branch's pool for one elder."""

    member_id: UUID
    minutes: Minutes
    reason: Reason


class AllocationIn(In):
    """Let the branch's pool grant to its key elders. Without a figure: what the month promises each by the rule set."""

    minutes_each: Minutes | None = Field(default=None, description="bring each up to so much this month")
    dry_run: bool = False


class IssueIn(In):
    """Let programmes issue this month's minutes to the branch's key elders."""

    dry_run: bool = False


class MonthLineIn(In):
    """A line of the month: an order that waits (its id), or what a programme or the pool would grant (the member's)."""

    source: Literal["waiting", "programme", "pool"] = Field(examples=["pool"])
    id: UUID
    minutes: Minutes


class MonthGrantsIn(In):
    """The lines of the month to be carried out, with the minutes that were read."""

    lines: Annotated[tuple[MonthLineIn, ...], Field(min_length=1, max_length=MOST_DECIDED)]
    dry_run: bool = False


class ProgrammeIn(In):
    """Who may be granted hours, how many in all, from when to when. Without a district: the whole city."""

    name_zh: Annotated[str, Field(min_length=1, max_length=60, examples=["关爱时间"])]
    name_en: Annotated[str, Field(min_length=1, max_length=60, examples=["Time to care"])]
    district_id: UUID | None = None
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=20, examples=[["living_alone"]])]
    ceiling_minutes: Annotated[int, Field(ge=0, le=1_000_000_000, examples=[600_000])]
    valid_from: date
    valid_until: date


class CeilingIn(In):
    """What a programme may issue in all."""

    ceiling_minutes: Annotated[int, Field(ge=0, le=1_000_000_000, examples=[900_000])]


class BudgetIn(In):
    """What a programme may pay in all for redeemed hours, in fen."""

    budget_fen: Annotated[int, Field(ge=0, le=1_000_000_000_000, examples=[1_000_000_000])]


class AgreementIn(In):
    """The programme pays this offer's provider for every hour redeemed with it."""

    offer_id: UUID
    fen_per_hour: Annotated[int, Field(gt=0, le=1_000_000, examples=[4_000])]


class ProgrammeGrantIn(In):
    """Minutes of a programme for a member, or for a branch's pool."""

    to: Literal["member", "branch"] = Field(examples=["branch"])
    receiver_id: UUID = Field(description="the member's id, or the branch's district")
    minutes: Minutes
    reason: Reason


class TurnOut(Out):
    """What one key elder is granted, and why."""

    turn: int
    member_id: UUID
    group_rank: int = Field(examples=[1])
    minutes: int = Field(examples=[120])
    reason: str = Field(
        examples=["group 1 (empty_nest, from 80): 0 of 120 received this month, waiting since 2026-01-05"]
    )


class AllocationOut(Out):
    """A run of a pool. `waits`: every grant of it waits for a second person."""

    district_id: UUID
    dry_run: bool
    waits: bool
    pool_minutes: int = Field(examples=[300], description="what the pool had to give")
    granted_minutes: int = Field(examples=[300])
    short_minutes: int = Field(examples=[60], description="what it lacked")
    turns: list[TurnOut]


class IssueOut(Out):
    """One elder's minutes of the month; without a programme nothing could be issued."""

    member_id: UUID
    programme_id: UUID | None
    group_rank: int
    minutes: int = Field(examples=[120])
    reason: str = Field(examples=["group 1 (empty_nest, from 80): 120 a month"])


class IssuesOut(Out):
    """A branch's run of a month."""

    district_id: UUID
    month: date
    dry_run: bool
    issued_minutes: int = Field(examples=[240])
    issued: list[IssueOut]
    missing: list[IssueOut]


class MonthLineOut(Out):
    """What became of a line; `code` and `detail` say why it was refused."""

    source: Literal["waiting", "programme", "pool"] = Field(examples=["pool"])
    id: UUID
    minutes: int = Field(examples=[120])
    outcome: Literal["granted", "refused"] = Field(examples=["granted"])
    code: str | None = None
    detail: str | None = None


class MonthGrantsOut(Out):
    """What became of the chosen lines, and what the pool can give after them."""

    district_id: UUID
    dry_run: bool
    granted: int = Field(examples=[12], description="lines")
    refused: int = Field(examples=[0], description="lines")
    granted_minutes: int = Field(examples=[1_440])
    pool_minutes: int = Field(examples=[300], description="what the pool can give after it")
    lines: list[MonthLineOut]


class KeyGrantOut(Out):
    """What one key elder was granted: by the pool with an order, or issued by a programme."""

    id: UUID
    member_id: UUID
    month: date
    order_id: UUID | None
    programme_id: UUID | None
    group_rank: int = Field(examples=[1])
    turn: int = Field(examples=[1])
    reason: str = Field(examples=["group 1 (empty_nest, from 80): 120 a month"])
    minutes: int = Field(examples=[120])
    granted_at: datetime


class ProgrammeOut(Out):
    """A programme: what it may issue and pay, and when."""

    id: UUID
    name_zh: str
    name_en: str
    district_id: UUID | None
    categories: list[str]
    ceiling_minutes: int
    budget_fen: int | None
    valid_from: date
    valid_until: date
    state: Literal["active", "closed"]


class AgreementOut(Out):
    """An agreement between a programme and a provider."""

    id: UUID
    programme_id: UUID
    offer_id: UUID
    fen_per_hour: int = Field(examples=[4_000])
    agreed_at: datetime
    ended_at: datetime | None
