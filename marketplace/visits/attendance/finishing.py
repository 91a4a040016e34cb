"""A visit whose last member has left: its evidence is judged, once."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.policy import VisitRules
from marketplace.base.states import move
from marketplace.visits.assigning import live_assignments
from marketplace.visits.attendance.evidence import findings
from marketplace.visits.models import VISIT_STEPS, CheckEvent, Visit
from marketplace.visits.service import MISSED_DUE

APPROVAL_DUE = "visit.approval_due"


async def tell(tx: AsyncSession, name: str, visit: Visit) -> None:
    """Send one of the `visit.*` messages; all carry the visit and its cause."""
    await outbox.send(tx, name, visit_id=visit.id, cause_kind=visit.cause_kind, cause_id=visit.cause_id)


async def finish(tx: AsyncSession, visit: Visit, *, rules: VisitRules, actor: Actor, now: datetime) -> None:
    """Check the visit out. Complete evidence is approved by rule after the objection time, the rest by a person."""
    await move(tx, visit, "checked_out", VISIT_STEPS, actor=actor, now=now)
    await timers.drop_timer(tx, MISSED_DUE, visit.id)
    visit.findings = findings(rules, visit, await _reports(tx, visit))
    await tx.flush()
    await tell(tx, "visit.checked_out", visit)
    if visit.findings:
        reason = " ".join(visit.findings)
        await move(tx, visit, "exception", VISIT_STEPS, actor=Actor.system(), now=now, reason=reason)
        return
    hours = rules.objection_hours if visit.cause_kind == "booking" else rules.volunteer_confirm_hours
    await timers.set_timer(tx, APPROVAL_DUE, visit.id, now + timedelta(hours=hours))


async def _reports(tx: AsyncSession, visit: Visit) -> list[tuple[CheckEvent | None, CheckEvent | None]]:
    crew = [assignment.id for assignment in await live_assignments(tx, visit)]
    events = {
        (event.assignment_id, event.kind): event
        for event in await tx.scalars(select(CheckEvent).where(col(CheckEvent.assignment_id).in_(crew)))
    }
    return [(events.get((one, "in")), events.get((one, "out"))) for one in crew]
