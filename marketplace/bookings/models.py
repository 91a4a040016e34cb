"""Tables of bookings: the agreement itself, and the capacity that keeps its promise.

A booking names three people: who booked, for whom (the beneficiary, `elder_id`), and who pays. What was agreed
(price, window, service, cancellation terms) is copied onto it, so that later changes elsewhere never reach it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

BOOKING_STEPS = machine(
    held="awaiting_payment awaiting_acceptance confirmed expired cancelled declined failed",
    awaiting_payment="awaiting_acceptance confirmed expired cancelled declined failed",
    awaiting_acceptance="confirmed cancelled declined failed",
    confirmed="in_service completed cancelled declined failed no_show",
    in_service="completed failed",
    completed="closed",
    closed="",
    expired="",
    declined="",
    cancelled="",
    failed="",
    no_show="",
)
UNPAID = frozenset({"held", "awaiting_payment"})
NOT_AGREED = UNPAID | {"awaiting_acceptance"}  # nobody is bound yet, so ending it costs nothing
ENDED = frozenset(state for state, targets in BOOKING_STEPS.items() if not targets)
GIVEN_UP = ENDED - {"closed"}


class Booking(SQLModel, table=True):
    """The agreement. `amount` is in `unit`, for all boxes of a meal together; service starts within the window.

    With `must_accept` the provider says yes itself, by `accept_by`, never later than the window's start.
    `fee_fen` is what a cancellation cost, `refunded_fen` what was given back after the service was paid for.
    """

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(
            "state IN ('held', 'awaiting_payment', 'awaiting_acceptance', 'confirmed', 'in_service', 'completed',"
            " 'closed', 'expired', 'declined', 'cancelled', 'failed', 'no_show')",
            name="booking_state",
        ),
        CheckConstraint("state <> 'awaiting_acceptance' OR accept_by <= window_start", name="booking_accept_by"),
        CheckConstraint("unit IN ('fen', 'minutes')", name="booking_unit"),
        CheckConstraint("channel IN ('app', 'phone', 'staff')", name="booking_channel"),
        CheckConstraint("amount >= 0", name="booking_amount"),
        CheckConstraint("window_end >= window_start", name="booking_window"),
        CheckConstraint("service_seconds > 0 AND crew_size BETWEEN 1 AND 4", name="booking_service"),
        CheckConstraint(
            "(sitting IS NULL AND kitchen_id IS NULL AND boxes = 0)"
            " OR (sitting IN ('lunch', 'dinner') AND kitchen_id IS NOT NULL AND boxes > 0)",
            name="booking_meal",
        ),
        CheckConstraint(
            "fee_fen >= 0 AND refunded_fen >= 0 AND ((unit = 'fen' AND fee_fen <= amount AND refunded_fen <= amount)"
            " OR (fee_fen = 0 AND refunded_fen = 0))",
            name="booking_kept",
        ),
        Index("booking_of_elder", "elder_id", "window_start"),
        Index("booking_of_provider", "provider_id", "day"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    quote_id: UUID = Field(unique=True)
    offer_id: UUID = Field(index=True)
    price_id: UUID
    price_version: int
    provider_id: UUID
    service: str
    tier: str
    elder_id: UUID = Field(foreign_key="elder.id")
    booked_by: UUID = Field(foreign_key="account.id", index=True)
    payer_id: UUID = Field(foreign_key="account.id", index=True)
    channel: str = "app"
    state: str = "held"
    version: int = 1
    unit: str
    amount: int
    window_start: datetime = instant()
    window_end: datetime = instant()
    day: date = Field(index=True)
    district_id: UUID = Field(foreign_key="region.id")
    service_seconds: int
    crew_size: int
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    priority: int
    kitchen_id: UUID | None = None
    sitting: str | None = None
    boxes: int = 0
    cancel_policy: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    policy: str
    hold_until: datetime = instant()
    must_accept: bool = False
    accept_by: datetime | None = instant(default=None)
    fee_fen: int = 0
    refunded_fen: int = 0
    cancelled_reason: str | None = None
    booked_at: datetime = instant()
    confirmed_at: datetime | None = instant(default=None)
    completed_at: datetime | None = instant(default=None)


class Capacity(SQLModel, table=True):
    """Seconds of service that a provider promises in a district, for a set of skills, in one half-hour.

    `skill` is the requirement's key (see `capacity.requirement`); the key `*` counts everybody on shift once, so that
    one caregiver with two skills is not promised twice. Its `abilities` tell these people apart: the requirements that
    some of them can serve, with their thousandths of seconds.
    """

    __tablename__ = "capacity"
    __table_args__ = (
        CheckConstraint("used >= 0 AND used <= seconds", name="capacity_used"),
        CheckConstraint("extract(epoch FROM slot_at)::bigint % 1800 = 0", name="capacity_half_hour"),
    )

    provider_id: UUID = Field(primary_key=True)
    district_id: UUID = Field(primary_key=True, foreign_key="region.id")
    skill: str = Field(primary_key=True)
    slot_at: datetime = instant(primary_key=True)
    seconds: int
    used: int = 0
    abilities: list[tuple[list[str], int]] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))


class CapacityHold(SQLModel, table=True):
    """What a booking took from a capacity row, to be given back exactly. Σ holds of a row = its `used`."""

    __tablename__ = "capacity_hold"
    __table_args__ = (CheckConstraint("seconds > 0", name="capacity_hold_seconds"),)

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    skill: str = Field(primary_key=True)
    slot_at: datetime = instant(primary_key=True)
    seconds: int


class MealCapacity(SQLModel, table=True):
    """Boxes that a kitchen cooks for one sitting of one day, and how many of them are promised."""

    __tablename__ = "meal_capacity"
    __table_args__ = (
        CheckConstraint("used >= 0 AND used <= capacity", name="meal_capacity_used"),
        CheckConstraint("sitting IN ('lunch', 'dinner')", name="meal_capacity_sitting"),
    )

    kitchen_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    sitting: str = Field(primary_key=True)
    capacity: int
    used: int = 0
