"""What the routes of payments give."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from marketplace.web.schemas import Out

PaymentState = Literal[
    "created",
    "saved",
    "processing",
    "action_required",
    "authorized",
    "captured",
    "canceled",
    "failed",
    "auth_expired",
]
PayoutState = Literal["pending", "held", "sent", "paid", "skipped", "failed"]


class PaymentOut(Out):
    """Where a booking's card or wallet payment stands. `action_url` is where the payer confirms, while it waits."""

    id: UUID
    booking_id: UUID
    state: PaymentState
    amount_fen: int = Field(examples=[6800])
    captured_fen: int = Field(examples=[6800])
    refunded_fen: int = Field(examples=[0])
    currency: Literal["CNY"] = "CNY"
    refund_failed_fen: int = Field(examples=[0], description="refunds that came back to us and wait for an officer")
    owed_fen: int = Field(examples=[0], description="due for a service given, and not collected yet")
    retry_at: datetime | None = Field(examples=[None], description="when the same card is asked again for it")
    decline_code: str | None = Field(examples=["insufficient_funds"])
    action_url: str | None = Field(examples=[None])


class MatterOut(Out):
    """A payment that needs a person: a refund that failed, or a service given whose money could not be collected."""

    kind: Literal["refund_failed", "collection_failed"]
    payment_id: UUID
    booking_id: UUID
    amount_fen: int = Field(examples=[1000])
    code: str | None = Field(examples=["expired_or_canceled_card"])
    since: datetime | None
    retries: int = Field(examples=[0], description="how often the card was asked again by itself")
    retry_at: datetime | None = Field(examples=[None], description="when it will be; none: a person or the payer must")


class DebtOut(Out):
    """A provider whose refunds exceed what it earned since: its next payouts are less by that much."""

    provider_id: UUID
    owed_fen: int = Field(examples=[950])


class MatterPage(Out):
    """Money that goes nowhere by itself. `debts` is empty for whoever may see one district only."""

    currency: Literal["CNY"] = "CNY"
    matters: list[MatterOut]
    debts: list[DebtOut]


class PayoutOut(Out):
    """One day's payout."""

    id: UUID
    day: date = Field(examples=["2026-03-02"])
    state: PayoutState
    amount_fen: int = Field(examples=[125400])
    transfer_id: str | None = Field(examples=["tr_1"])
    paid_at: datetime | None


class PayoutPage(Out):
    """A provider's payouts, newest first, and what has accrued since (below zero after refunds of paid-out work)."""

    payable_fen: int = Field(examples=[34200])
    currency: Literal["CNY"] = "CNY"
    payouts: list[PayoutOut]


class Received(Out):
    """The answer to a webhook: it is safe with us."""

    received: bool = True
