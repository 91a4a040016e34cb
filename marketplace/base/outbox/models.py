"""Tables of the outbox. Their times are wall time: a simulated day does not slow the queue down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Message(SQLModel, table=True):
    """Something happened: a name and the ids of what it happened to, nothing personal."""

    __tablename__ = "message"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    ids: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    request_id: str | None = None
    created_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class Delivery(SQLModel, table=True):
    """One consumer's copy of a message. A claim is a lease: after a crash it runs out and the sweep retries."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "consumer"),
        CheckConstraint("state IN ('pending', 'done', 'dead')", name="delivery_state"),
        Index("delivery_due", "next_at", postgresql_where=text("state = 'pending'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    message_id: UUID = Field(foreign_key="message.id", index=True)
    consumer: str
    state: str = "pending"
    attempts: int = 0
    next_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    last_error: str | None = None
    done_at: datetime | None = instant(default=None)
