"""The credit record of providers: written by features above, read by a provider's managers and its overseers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.ids import new_id
from marketplace.providers.models import CreditEvent
from marketplace.providers.reach import overseen


async def add_event(tx: AsyncSession, provider_id: UUID, kind: str, *, cause: str, now: datetime) -> None:
    """Write down what a provider did wrong; the same cause a second time changes nothing."""
    row = insert(CreditEvent).values(id=new_id(), provider_id=provider_id, kind=kind, cause=cause, occurred_at=now)
    await tx.execute(row.on_conflict_do_nothing())


async def events_of(tx: AsyncSession, provider_id: UUID, *, actor: Actor, limit: int) -> list[CreditEvent]:
    """A provider's record, newest first; `Unknown` out of reach."""
    provider = await overseen(tx, provider_id, actor=actor)
    query = select(CreditEvent).where(col(CreditEvent.provider_id) == provider.id)
    return list(await tx.scalars(query.order_by(col(CreditEvent.occurred_at).desc(), col(CreditEvent.id)).limit(limit)))
