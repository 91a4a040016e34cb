"""What checkout's routes take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.bookings.cancel_terms import Reason, Step
from marketplace.bookings.windows import Sitting
from marketplace.web.schemas import In, Instant, Out, Text

Unit = Literal["fen", "minutes"]
Channel = Literal["app", "phone", "staff"]
State = Literal[
    "held",
    "awaiting_payment",
    "awaiting_acceptance",
    "confirmed",
    "in_service",
    "completed",
    "closed",
    "expired",
    "declined",
    "cancelled",
    "failed",
    "no_show",
]
Note = Annotated[str, Field(min_length=1, max_length=500)]


class QuoteIn(In):
    """Ask for a price: a home visit by its window, a meal by its day and sitting."""

    offer_id: UUID
    elder_id: UUID
    unit: Unit = "fen"
    window_start: Instant | None = Field(default=None, examples=["2026-03-03T10:00:00+08:00"])
    window_end: Instant | None = Field(default=None, examples=["2026-03-03T10:30:00+08:00"])
    day: date | None = Field(default=None, examples=["2026-03-03"])
    sitting: Sitting | None = None
    boxes: Annotated[int, Field(ge=1, le=4)] = 1


class QuoteOut(Out):
    """A price that stands until `expires_at`. `amount` is in `unit`, for all boxes together."""

    id: UUID
    offer_id: UUID
    elder_id: UUID
    provider_id: UUID
    service: str
    tier: str
    unit: Unit = Field(examples=["fen"])
    amount: int = Field(examples=[6800])
    price_version: int
    window_start: datetime
    window_end: datetime
    day: date
    sitting: str | None
    boxes: int
    expires_at: datetime


class BookingIn(In):
    """Book what was quoted. The payer is oneself unless another is named who may pay for the elder.

    A price in hours is taken from the payer's, or, where `hours_of` is `elder`, from the elder's own, account or not.
    """

    quote_id: UUID
    payment_method: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, examples=["pm_card_visa"]
    )
    payer_id: UUID | None = None
    hours_of: Literal["payer", "elder"] = Field(
        default="payer", description="whose hours pay; the elder's take a grant with the scope `pay`"
    )
    channel: Channel | None = None


class TenderOut(Out):
    """One way of paying: how much of it was asked, and how much finally kept."""

    kind: str
    unit: str
    amount: int
    state: str
    kept: int | None


class BookingOut(Out):
    """The agreement. Three people: who booked, for whom (`elder_id`), who pays."""

    id: UUID
    state: State
    version: int
    offer_id: UUID
    provider_id: UUID
    service: str
    tier: str
    elder_id: UUID
    booked_by: UUID
    payer_id: UUID
    channel: Channel
    unit: Unit
    amount: int = Field(examples=[6800])
    price_version: int
    window_start: datetime
    window_end: datetime
    day: date
    district_id: UUID
    sitting: str | None
    boxes: int
    policy: str = Field(examples=["taiyuan@1"])
    hold_until: datetime
    accept_by: datetime | None = Field(description="until when the provider may accept, while it is asked")
    free_until_at: datetime
    fee_fen: int
    refunded_fen: int
    cancelled_reason: str | None
    booked_at: datetime
    confirmed_at: datetime | None
    completed_at: datetime | None
    tenders: list[TenderOut]
    visit_ids: list[UUID] = Field(description="its attendances, once it is confirmed; to be confirmed when done")


class BookingPage(Out):
    """A page of bookings, newest first."""

    bookings: list[BookingOut]
    next_cursor: UUID | None


class CancelIn(In):
    """Cancel, and why. Staff may waive the fee; they say why in the note."""

    reason: Reason = Field(examples=["changed_mind"])
    note: Text | None = None
    waive: bool = False


class CancellationOut(Out):
    """What cancelling now would cost and give back, told before anything is pressed."""

    booking_id: UUID
    step: Step
    fee_fen: int = Field(examples=[1000])
    refund_fen: int = Field(examples=[5800])
    returned_minutes: int
    free_until_at: datetime


class PayIn(In):
    """Pay what a booking owes, with this card or wallet."""

    payment_method: Annotated[str, Field(min_length=1, max_length=200, examples=["pm_card_visa"])]


class AlternativeOut(Out):
    """Another provider's offer that could serve a booking as agreed. `amount` is the whole booking's, in its unit."""

    offer_id: UUID
    provider_id: UUID
    provider_name: str
    name_zh: str
    name_en: str
    amount: int = Field(examples=[6500])
    distance_metres: int
    rating_mean: float = Field(examples=[4.35])
    rating_count: int


class Alternatives(Out):
    """Who else could serve a booking in its own window, the cheapest first."""

    booking_id: UUID
    unit: Unit
    agreed_amount: int = Field(examples=[6800])
    offers: list[AlternativeOut]


class RefundIn(In):
    """Give money back after the service was paid for."""

    amount_fen: Annotated[int, Field(gt=0, le=100_000_000)] = Field(examples=[2000])
    reason: Note = Field(examples=["half of the rooms were left out"])


class RefundOut(Out):
    """A refund as decided; the gateway carries it out."""

    id: UUID
    booking_id: UUID
    amount_fen: int
    kept_fen: int
    refunded_at: datetime


class SlotOut(Out):
    """A start that can be booked now, and how many bookings of this kind still fit. Sittings have their own name."""

    window_start: datetime
    window_end: datetime
    sitting: str | None
    places: int


class Slots(Out):
    """The free slots of an offer on a day, for an elder's district."""

    offer_id: UUID
    day: date
    slots: list[SlotOut]


class DaysIn(In):
    """Open a provider's days for booking, from the shifts that stand."""

    first_day: date = Field(examples=["2026-03-02"])
    days: Annotated[int, Field(ge=1, le=35)] = 7


class DaysOut(Out):
    """How many half-hours of those days can be booked."""

    provider_id: UUID
    first_day: date
    days: int
    half_hours: int
