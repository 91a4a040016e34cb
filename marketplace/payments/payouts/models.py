"""Tables of payouts: where a provider receives money, and its one transfer per day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, UniqueConstraint, func
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant


class PayoutAccount(SQLModel, table=True):
    """A provider's account at the gateway. Its row is locked by whoever pays the provider: one payout at a time."""

    __tablename__ = "payout_account"

    provider_id: UUID = Field(primary_key=True)
    account_id: str | None = Field(default=None, unique=True)
    attempt: int = 1


class Payout(SQLModel, table=True):
    """What a provider is paid for one day, in fen; the amount is fixed when it is sent.

    pending: accrues until its timer · sent: the transfer is asked for · paid · held: the provider may not be paid now ·
    skipped: nothing was owed · failed: refused, and the amount is owed again.
    """

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("provider_id", "day", name="payout_provider_day"),
        CheckConstraint("state IN ('pending', 'held', 'sent', 'paid', 'skipped', 'failed')", name="payout_state"),
        CheckConstraint("amount_fen >= 0", name="payout_amount"),
        CheckConstraint("state NOT IN ('sent', 'paid') OR amount_fen > 0", name="payout_sends_something"),
        CheckConstraint("state <> 'paid' OR transfer_id IS NOT NULL", name="payout_paid_by_transfer"),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(index=True)
    day: date
    state: str = "pending"
    version: int = 1
    amount_fen: int = 0
    attempt: int = 1
    transfer_id: str | None = Field(default=None, unique=True)
    code: str | None = None
    paid_at: datetime | None = instant(default=None)
    # wall time, as the gateway forgets keys by wall time
    sent_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    recorded_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
