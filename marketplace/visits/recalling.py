"""Recalling a provider's people: whoever may not serve any more is sent to nobody, whatever was planned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.visits.assigning import withdraw_assignments
from marketplace.visits.models import VISIT_STEPS, Assignment, Performer, Visit


async def recall(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, reason: str) -> int:
    """Take the provider's people off every visit that has not begun; a crew goes as a whole. Returns how many visits.

    The visits stay, to be planned anew. A second call finds nothing to do.
    """
    theirs = (
        select(col(Assignment.visit_id))
        .join(Performer, col(Performer.id) == col(Assignment.performer_id))
        .where(col(Performer.provider_id) == provider_id, col(Assignment.state).in_(["planned", "published"]))
    )
    query = select(Visit).where(col(Visit.id).in_(theirs), col(Visit.state).in_(["planned", "published"]))
    visits = list(await tx.scalars(query.order_by(col(Visit.id)).with_for_update()))
    for visit in visits:
        await withdraw_assignments(tx, visit, actor=actor, now=now, reason=reason)
        if visit.state == "published":
            await move(tx, visit, "planned", VISIT_STEPS, actor=actor, now=now, reason=reason)
    return len(visits)
