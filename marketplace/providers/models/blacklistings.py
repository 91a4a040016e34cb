"""A blacklisting: what it takes to bar a provider, who decided, until when it may appeal and when it ends."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

BLACKLISTING_STEPS = machine(
    proposed="in_force refused", in_force="appealed lifted expired", appealed="in_force lifted expired",
    refused="", lifted="", expired="",
)  # fmt: skip


class Blacklisting(SQLModel, table=True):
    """Proposed by one person and confirmed by another; an appeal is decided by a third.

    `days` is how long it shall last once in force. A rejected appeal leads back to in_force, and there is one appeal.
    """

    __tablename__ = "blacklisting"
    __table_args__ = (
        CheckConstraint(
            "state IN ('proposed', 'in_force', 'appealed', 'refused', 'lifted', 'expired')", name="blacklisting_state"
        ),
        CheckConstraint("days BETWEEN 1 AND 3650", name="blacklisting_days"),
        CheckConstraint("confirmed_by <> proposed_by", name="blacklisting_two_persons"),
        CheckConstraint(
            "state IN ('proposed', 'refused')"
            " OR (confirmed_by IS NOT NULL AND appeal_until IS NOT NULL AND expires_at IS NOT NULL)",
            name="blacklisting_confirmed",
        ),
        CheckConstraint("decided_by <> proposed_by AND decided_by <> confirmed_by", name="blacklisting_third_person"),
        Index(
            "blacklisting_once",
            "provider_id",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'in_force', 'appealed')"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id")
    reason: str
    days: int
    state: str = "proposed"
    version: int = 1
    proposed_by: UUID = Field(foreign_key="account.id")
    proposed_at: datetime = instant()
    confirmed_by: UUID | None = Field(default=None, foreign_key="account.id")
    confirmed_at: datetime | None = instant(default=None)
    appeal_until: datetime | None = instant(default=None)
    expires_at: datetime | None = instant(default=None)
    appeal: str | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decision: str | None = None
