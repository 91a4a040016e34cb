"""Tables of payments: what a card or wallet owes and paid, its steps at the gateway, its refunds, the inbox of events.

Amounts are fen. A payment says what is wanted (`keep_fen`) and what is (`captured_fen`, `refunded_fen`); jobs take the
steps between the two. Tables of payouts stand in `payouts.models`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id

WALLETS = frozenset({"alipay", "wechat_pay"})  # paid at once: they know no manual capture
LOST = frozenset({"failed", "canceled", "auth_expired"})  # nothing was collected, and nothing is being collected
UNPAID = LOST | {"action_required"}  # or it waits for the payer's word at the bank


class Payment(SQLModel, table=True):
    """The collection of a booking's card or wallet share. Its states are in `collecting.steps`.

    `keep_fen` is what shall finally be kept, None while undecided. `refund_asked_fen` is what was asked back so far:
    a wallet's refund may be under way for minutes before the gateway counts it as refunded. `refund_stopped_fen` is
    what came back to us because refunds failed, and waits for a person.

    What could not be collected and shall be kept is owed: `next_method` is the card or wallet that shall be asked next,
    `past_intents` are the collections given up before it, all of them void; `retry_at` is when the same card is asked
    again by itself, as it was `retries` times before.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(
            "state IN ('created', 'saved', 'processing', 'action_required', 'authorized', 'captured',"
            " 'canceled', 'failed', 'auth_expired')",
            name="payment_state",
        ),
        CheckConstraint("amount_fen > 0", name="payment_amount"),
        CheckConstraint("captured_fen BETWEEN 0 AND amount_fen", name="payment_captured"),
        CheckConstraint("refunded_fen BETWEEN 0 AND captured_fen", name="payment_refunded"),
        CheckConstraint("refund_asked_fen BETWEEN 0 AND captured_fen", name="payment_refund_asked"),
        CheckConstraint("refund_stopped_fen >= 0", name="payment_refund_stopped"),
        CheckConstraint("retries >= 0", name="payment_retries"),
        CheckConstraint("keep_fen IS NULL OR keep_fen BETWEEN 0 AND amount_fen", name="payment_keep"),
        CheckConstraint("state <> 'captured' OR captured_fen > 0", name="payment_captured_something"),
        Index(
            "payment_unpaid",
            "id",
            postgresql_where=text(
                "state IN ('failed', 'canceled', 'auth_expired', 'action_required') AND keep_fen > 0"
            ),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(unique=True)
    payer_id: UUID | None = Field(default=None, index=True)
    asked_by: UUID | None = None
    amount_fen: int
    method: str
    service_starts_at: datetime | None = instant(default=None)
    state: str = "created"
    version: int = 1
    intent_id: str | None = Field(default=None, unique=True)
    intent_state: str | None = None
    captured_fen: int = 0
    refunded_fen: int = 0
    refund_asked_fen: int = 0
    refund_stopped_fen: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    keep_fen: int | None = None
    decided_at: datetime | None = instant(default=None)
    captured_early: bool = False
    capture_before_at: datetime | None = instant(default=None)
    action_url_sealed: bytes | None = None
    decline_code: str | None = None
    next_method: str | None = None
    past_intents: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    retries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    retry_at: datetime | None = instant(default=None)
    created_at: datetime = instant()

    @property
    def kept_fen(self) -> int:
        """What is with us now: captured and not given back."""
        return self.captured_fen - self.refunded_fen

    @property
    def is_covered(self) -> bool:
        """May the booking count on the money? Saved (to be authorised nearer the day), held, or taken."""
        return self.state in {"saved", "authorized", "captured"}

    @property
    def owed_fen(self) -> int:
        """What shall be kept and could not be collected, or not without the payer's word."""
        return (self.keep_fen or 0) if self.state in UNPAID and self.captured_fen == 0 else 0

    @property
    def is_wallet(self) -> bool:
        """Is it paid at once by a wallet, instead of held on a card?"""
        return self.method in WALLETS


class PaymentStep(SQLModel, table=True):
    """One call with an effect at the gateway: claimed with its key before it is made, closed when its outcome is known.

    At most one is open per payment, so that a crash is retried with the same key and the same amount.
    """

    __tablename__ = "payment_step"
    __table_args__ = (
        CheckConstraint("kind IN ('authorise', 'capture', 'void', 'refund')", name="payment_step_kind"),
        CheckConstraint("state IN ('claimed', 'done', 'refused')", name="payment_step_state"),
        CheckConstraint("amount_fen > 0", name="payment_step_amount"),
        Index("payment_step_open", "payment_id", unique=True, postgresql_where=text("state = 'claimed'")),
        Index("payment_step_payment", "payment_id", "kind"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    payment_id: UUID = Field(foreign_key="payment.id")
    kind: str
    amount_fen: int
    key: str = Field(unique=True)
    state: str = "claimed"
    code: str | None = None
    gateway_id: str | None = Field(default=None, index=True)
    # wall time, because the gateway forgets keys and lists objects by wall time
    claimed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class PaymentRefund(SQLModel, table=True):
    """One refund as the gateway shows it, whoever made it. It may fail days after it had succeeded.

    A failed one has given nothing back: it stays an open matter until somebody has it tried again (`retried_at`).
    """

    __tablename__ = "payment_refund"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name="payment_refund_state"),
        CheckConstraint("amount_fen > 0", name="payment_refund_amount"),
        CheckConstraint("(state = 'failed') = (failed_at IS NOT NULL)", name="payment_refund_failed"),
        CheckConstraint("retried_at IS NULL OR state = 'failed'", name="payment_refund_retried"),
        Index(
            "payment_refund_open",
            "payment_id",
            postgresql_where=text("state = 'failed' AND retried_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    payment_id: UUID = Field(foreign_key="payment.id", index=True)
    gateway_id: str = Field(unique=True)
    amount_fen: int
    state: str
    code: str | None = None
    failed_at: datetime | None = instant(default=None)
    retried_at: datetime | None = instant(default=None)


class InboxEvent(SQLModel, table=True):
    """A hint from the gateway that one of its objects changed: stored once, applied by a job. No payload is kept."""

    __tablename__ = "inbox_event"
    __table_args__ = (UniqueConstraint("source", "external_id", name="inbox_event_once"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    external_id: str
    kind: str
    object_id: str
    created_at: datetime = instant()
    received_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    handled_at: datetime | None = instant(default=None)
