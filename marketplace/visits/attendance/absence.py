"""Nobody came, or somebody never left: what a visit's overdue timer finds.

The timer stands at the window's end and is moved on from there, so that the waiting times are the policy's of today.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.policy import VisitRules
from marketplace.base.states import move
from marketplace.visits.assigning import live_assignments, withdraw_assignments
from marketplace.visits.attendance.finishing import finish, tell
from marketplace.visits.attendance.nobody_home import claims
from marketplace.visits.models import ASSIGNMENT_STEPS, VISIT_STEPS, Visit
from marketplace.visits.service import MISSED_DUE

FORGOTTEN = timedelta(hours=24)  # a check-out that is not reported by then was forgotten


async def look_after(tx: AsyncSession, visit_id: UUID, *, rules: VisitRules, now: datetime) -> None:
    """Act on an overdue visit as it is now: missed if nobody checked in, closed if its check-out was forgotten."""
    visit = await tx.scalar(select(Visit).where(col(Visit.id) == visit_id).with_for_update())
    if visit is None or visit.state not in {"planned", "published", "checked_in"}:
        return
    missed_at = visit.window_end + timedelta(minutes=rules.missed_after_minutes)
    if now < missed_at:
        await timers.set_timer(tx, MISSED_DUE, visit.id, missed_at)
    elif visit.cause_kind == "booking" and await claims(tx, visit):
        return  # she did not open: persons judge what that means
    elif visit.state == "checked_in":
        await _close_begun(tx, visit, rules=rules, now=now)
    else:
        await withdraw_assignments(tx, visit, actor=Actor.system(), now=now, reason="missed")
        await move(tx, visit, "missed", VISIT_STEPS, actor=Actor.system(), now=now, reason="nobody checked in")
        await tell(tx, "visit.missed", visit)


async def _close_begun(tx: AsyncSession, visit: Visit, *, rules: VisitRules, now: datetime) -> None:
    """Members who never came are taken off; the others have a day to report their check-out."""
    system = Actor.system()
    await withdraw_assignments(tx, visit, actor=system, now=now, reason="missed")
    inside = [one for one in await live_assignments(tx, visit) if one.state == "checked_in"]
    forgotten_at = visit.window_end + FORGOTTEN
    if inside and now < forgotten_at:
        await timers.set_timer(tx, MISSED_DUE, visit.id, forgotten_at)
        return
    for assignment in inside:
        await move(tx, assignment, "checked_out", ASSIGNMENT_STEPS, actor=system, now=now, reason="no check-out")
    await finish(tx, visit, rules=rules, actor=system, now=now)
