"""What the routes of matters take and give."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from marketplace.web.schemas import In, Out, Text

Kind = Literal["provider_gone", "nobody_came", "welfare", "customer_absent"]
State = Literal["open", "resolved", "dropped"]


class MatterOut(Out):
    """What waits for a person, or how it ended. After `due_at` nothing can be saved."""

    id: UUID
    kind: Kind
    state: State
    reason: str = Field(examples=["suspended"])
    booking_id: UUID
    booking_state: str
    provider_id: UUID
    elder_id: UUID
    district_id: UUID
    service: str
    day: date
    window_start: datetime
    window_end: datetime
    due_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    note: str | None


class MatterPage(Out):
    """A page of matters, the most urgent first."""

    matters: list[MatterOut]
    next_cursor: UUID | None


class GiveIn(In):
    """Which offer takes the booking over; `GET /v1/bookings/{id}/alternatives` lists those that can."""

    offer_id: UUID


class FoundIn(In):
    """How the elder is."""

    outcome: Literal["well", "hospital", "unwell"]
    note: Text | None = None


class JudgementIn(In):
    """Was she absent? Then the fee of her booking's own terms is kept; else everything is given back."""

    absent: bool
    note: Text | None = None


class NoteIn(In):
    """A word on why, if there is one to say."""

    note: Text | None = None
