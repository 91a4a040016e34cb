"""Timers: rows with an instant, unique per rule and entity, polled from PostgreSQL by the worker every second.

A timer that comes due sends the outbox message that bears its rule's name, with the entity's id as `id`:
whoever subscribes to the message acts. Timers read the domain's clock, so a simulated day fires them too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from marketplace.base import outbox
from marketplace.base.database import instant, transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform


class Timer(SQLModel, table=True):
    """At `due_at`, `rule` comes due for `entity_id`. A fired timer stays as the trace that it did."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("rule", "entity_id"),
        Index("timer_due", "due_at", postgresql_where=text("fired_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rule: str
    entity_id: UUID
    due_at: datetime = instant()
    fired_at: datetime | None = instant(default=None)


async def set_timer(tx: AsyncSession, rule: str, entity_id: UUID, due_at: datetime) -> None:
    """Set or move the timer of `rule` for one entity; a fired one is armed again."""
    row = insert(Timer).values(id=new_id(), rule=rule, entity_id=entity_id, due_at=due_at)
    await tx.execute(
        row.on_conflict_do_update(index_elements=["rule", "entity_id"], set_={"due_at": due_at, "fired_at": None})
    )


async def arm_timer(tx: AsyncSession, rule: str, entity_id: UUID, due_at: datetime) -> None:
    """Set the timer of `rule` for one entity unless there is one, fired or not."""
    row = insert(Timer).values(id=new_id(), rule=rule, entity_id=entity_id, due_at=due_at)
    await tx.execute(row.on_conflict_do_nothing(index_elements=["rule", "entity_id"]))


async def advance_timer(tx: AsyncSession, rule: str, entity_id: UUID, due_at: datetime) -> None:
    """Set the timer of `rule` for one entity, unless an earlier one waits; a fired one is armed again."""
    row = insert(Timer).values(id=new_id(), rule=rule, entity_id=entity_id, due_at=due_at)
    sooner = case((col(Timer.fired_at).is_(None), func.least(col(Timer.due_at), due_at)), else_=due_at)
    await tx.execute(
        row.on_conflict_do_update(index_elements=["rule", "entity_id"], set_={"due_at": sooner, "fired_at": None})
    )


async def drop_timer(tx: AsyncSession, rule: str, entity_id: UUID) -> None:
    """Forget the timer, if it has not fired."""
    await tx.execute(
        delete(Timer).where(col(Timer.rule) == rule, col(Timer.entity_id) == entity_id, col(Timer.fired_at).is_(None))
    )


async def fire_due(platform: Platform, *, limit: int = 200) -> int:
    """Turn due timers into messages; returns how many. Two workers never fire the same one."""
    due = (
        select(col(Timer.id))
        .where(col(Timer.fired_at).is_(None), col(Timer.due_at) <= platform.now())
        .order_by(col(Timer.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    async with transaction(platform.db) as tx:
        fired = await tx.execute(
            update(Timer)
            .where(col(Timer.id).in_(due))
            .values(fired_at=func.now())
            .returning(col(Timer.rule), col(Timer.entity_id))
            .execution_options(synchronize_session=False)
        )
        rows = fired.all()
        for rule, entity_id in rows:
            await outbox.send(tx, rule, id=entity_id)
    return len(rows)
