"""A matter: something about a booking that waits for a person, with why it was opened and how it ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

MATTER_STEPS = machine(open="resolved dropped", resolved="", dropped="")


class Matter(SQLModel, table=True):
    """Open until a person resolves it, or its cause is gone and it is dropped. One of a kind is open per booking.

    provider_gone: the provider may not serve any more · nobody_came: its performer is late · welfare: the elder does
    not open, somebody must find out how she is · customer_absent: did she fail the performer who waited?
    `provider_id` is the one that was booked when it was opened; `due_at` the end of the booking's window, after which
    nothing can be saved; `outcome` a stable code.
    """

    __tablename__ = "matter"
    __table_args__ = (
        CheckConstraint("kind IN ('provider_gone', 'nobody_came', 'welfare', 'customer_absent')", name="matter_kind"),
        CheckConstraint("state IN ('open', 'resolved', 'dropped')", name="matter_state"),
        CheckConstraint("state = 'open' OR (closed_at IS NOT NULL AND outcome IS NOT NULL)", name="matter_closed"),
        Index("matter_open_once", "booking_id", "kind", unique=True, postgresql_where=text("state = 'open'")),
        Index("matter_due", "district_id", "due_at", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    booking_id: UUID = Field(foreign_key="booking.id", index=True)
    provider_id: UUID = Field(foreign_key="provider.id")
    elder_id: UUID = Field(foreign_key="elder.id")
    district_id: UUID = Field(foreign_key="region.id")
    due_at: datetime = instant()
    reason: str
    state: str = "open"
    version: int = 1
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
    closed_by: UUID | None = Field(default=None, foreign_key="account.id")
    outcome: str | None = None
    note: str | None = None
