"""A provider's credit record: what it did wrong, once per cause. Rows only grow."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class CreditEvent(SQLModel, table=True):
    """One event. `cause` names what it comes from (`visit:ID`); the same cause counts once per kind."""

    __tablename__ = "credit_event"
    __table_args__ = (
        CheckConstraint("kind IN ('no_show')", name="credit_event_kind"),
        UniqueConstraint("cause", "kind", name="credit_event_once"),
        Index("credit_event_of_provider", "provider_id", "occurred_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id")
    kind: str
    cause: str
    occurred_at: datetime = instant()
