"""Tables of checkout: quotes, the tenders that pay for a booking, refunds.

A tender is one way of paying. Per booking and unit the tenders add up to the price: a deferred trigger of the
database holds every transaction to it.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

TENDER_STEPS = machine(
    asked="held captured released",
    held="captured released",
    captured="released owed",
    owed="captured released",
    released="",
)


class Quote(SQLModel, table=True):
    """A price with an expiry. Fixes the price version, the window and what the service needs; becomes one booking."""

    __tablename__ = "quote"
    __table_args__ = (
        CheckConstraint("unit IN ('fen', 'minutes')", name="quote_unit"),
        CheckConstraint("amount >= 0", name="quote_amount"),
        CheckConstraint("window_end >= window_start", name="quote_window"),
        CheckConstraint("sitting IN ('lunch', 'dinner')", name="quote_sitting"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    asked_by: UUID = Field(foreign_key="account.id", index=True)
    elder_id: UUID = Field(foreign_key="elder.id")
    offer_id: UUID
    price_id: UUID
    price_version: int
    provider_id: UUID
    service: str
    tier: str
    unit: str
    amount: int
    window_start: datetime = instant()
    window_end: datetime = instant()
    day: date
    district_id: UUID = Field(foreign_key="region.id")
    service_seconds: int
    crew_size: int
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    priority: int
    kitchen_id: UUID | None = None
    sitting: str | None = None
    boxes: int = 0
    policy: str
    expires_at: datetime = instant()


class Tender(SQLModel, table=True):
    """One way of paying for a booking. `reference` names the hold in the ledger or the payment.

    Asked of the card, held, then captured or released; `kept` is what was finally taken. `owed`: the service was
    given and the money did not come.
    """

    __tablename__ = "tender"
    __table_args__ = (
        UniqueConstraint("booking_id", "kind", name="tender_once"),
        CheckConstraint(
            "(kind = 'card' AND unit = 'fen') OR (kind = 'hours' AND unit = 'minutes')", name="tender_kind"
        ),
        CheckConstraint("amount > 0", name="tender_amount"),
        CheckConstraint("state IN ('asked', 'held', 'captured', 'owed', 'released')", name="tender_state"),
        CheckConstraint("kept >= 0 AND kept <= amount", name="tender_kept"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    kind: str
    unit: str
    amount: int
    state: str
    version: int = 1
    kept: int | None = None
    reference: str


class Refund(SQLModel, table=True):
    """Money given back after it was kept, with the person's reason and the provider whose payable it lessens."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="refund_amount"),
        Index("refund_of_booking", "booking_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    amount_fen: int
    reason: str
    refunded_by: UUID = Field(foreign_key="account.id")
    refunded_at: datetime = instant()
