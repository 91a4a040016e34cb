"""A visit whose performer should have come by now: told while something can still be saved.

The timer stands at the planned start and is moved on from there, so that the waiting time is the policy's of today.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.policy import VisitRules
from marketplace.visits.assigning import LATE_DUE, live_assignments
from marketplace.visits.attendance.finishing import tell
from marketplace.visits.models import Visit


async def notice(tx: AsyncSession, visit_id: UUID, *, rules: VisitRules, now: datetime) -> None:
    """Message visit.late when nobody has checked in so long after the planned start; earlier, wait on."""
    visit = await tx.scalar(select(Visit).where(col(Visit.id) == visit_id).with_for_update())
    if visit is None or visit.state != "published":
        return
    crew = await live_assignments(tx, visit)
    late_at = min(one.planned_from for one in crew) + timedelta(minutes=rules.alert_after_minutes)
    if now < late_at:
        await timers.set_timer(tx, LATE_DUE, visit.id, late_at)
    else:
        await tell(tx, "visit.late", visit)
