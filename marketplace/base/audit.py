"""What was done and read, by whom: the audit log and the log of state transitions. Both only grow."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from marketplace.base.actor import Actor
from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Audit(SQLModel, table=True):
    """One act worth remembering: a sensitive read, a denied access, a failed sign-in. Ids only, nothing personal."""

    __tablename__ = "audit"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    action: str = Field(index=True)
    actor_id: UUID | None = Field(default=None, index=True)
    entity: str
    entity_id: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    request_id: str | None = None
    recorded_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class Transition(SQLModel, table=True):
    """One step of a state machine."""

    __tablename__ = "transition_log"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    entity: str
    entity_id: UUID = Field(index=True)
    from_state: str | None = None
    to_state: str
    version: int
    actor_id: UUID | None = None
    on_behalf_of: UUID | None = None
    reason: str | None = None
    at: datetime = instant()
    request_id: str | None = None


def request_id() -> str | None:
    """The id of the request or message that is being worked on."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return str(found) if found else None


def note(
    tx: AsyncSession, action: str, *, actor: Actor | None, entity: str, entity_id: object = None, **detail: Any
) -> None:
    """Add an audit row to the transaction; `detail` must hold ids, codes and counts only."""
    tx.add(
        Audit(
            action=action,
            actor_id=actor.account_id if actor else None,
            entity=entity,
            entity_id=None if entity_id is None else str(entity_id),
            detail=detail,
            request_id=request_id(),
        )
    )
