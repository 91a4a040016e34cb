"""Nobody opens: the performer says so twice from the door, the second time after the waiting time.

Nothing follows from it by itself but that the visit does not count as missed: persons look after the elder first, and
then judge who failed whom. A report from elsewhere is kept, and proves nothing.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition
from marketplace.base.policy import VisitRules
from marketplace.visits.attendance.checking import Checked, Kind, Report, keep, locked, require_same, require_time
from marketplace.visits.attendance.evidence import OK
from marketplace.visits.attendance.finishing import tell
from marketplace.visits.errors import OnlyBooked, WaitLonger
from marketplace.visits.models import Assignment, CheckEvent, Visit


async def report(
    tx: AsyncSession, assignment_id: UUID, given: Report, *, rules: VisitRules, actor: Actor, now: datetime
) -> Checked:
    """Keep that nobody opens, or, the second time, that one leaves. The same report twice is one.

    `Unknown`, `KeyReused`, `DeviceTime`, `OnlyBooked`, `WaitLonger`, `IllegalTransition` once somebody checked in.
    """
    assignment, visit = await locked(tx, assignment_id, actor)
    stored = await tx.get(CheckEvent, given.event_id)
    if stored is not None:
        require_same(stored, assignment, given)
        return Checked(stored, assignment, visit)
    await require_time(tx, assignment, given, now)
    if visit.cause_kind != "booking":
        raise OnlyBooked
    if visit.state != "published" or assignment.state != "published":
        raise IllegalTransition(state=visit.state, wanted="nobody_opens")
    if given.kind == "left":
        await _require_wait(tx, assignment, given, rules)
    event = await keep(tx, assignment, visit, given, rules=rules, now=now)
    if given.kind == "left":
        await tell(tx, "visit.nobody_home", visit)
    return Checked(event, assignment, visit)


async def kind_of(tx: AsyncSession, assignment_id: UUID, event_id: UUID) -> Kind:
    """`knock` for an assignment's first report that nobody opens, `left` for its second; a repeated one keeps its."""
    events = {event.kind: event for event in await _events(tx, assignment_id)}
    knock = events.get("knock")
    return "knock" if knock is None or knock.id == event_id else "left"


async def _require_wait(tx: AsyncSession, assignment: Assignment, given: Report, rules: VisitRules) -> None:
    events = {event.kind: event for event in await _events(tx, assignment.id)}
    if "left" in events:
        raise IllegalTransition(state="left", wanted="nobody_opens")
    until = events["knock"].device_at + timedelta(minutes=rules.wait_minutes)
    if given.device_at < until:
        raise WaitLonger(pointer="/device_at", wait_minutes=rules.wait_minutes, wait_until=until.isoformat())


async def _events(tx: AsyncSession, assignment_id: UUID) -> list[CheckEvent]:
    return list(
        await tx.scalars(
            select(CheckEvent).where(
                col(CheckEvent.assignment_id) == assignment_id, col(CheckEvent.kind).in_(["knock", "left"])
            )
        )
    )


async def claims(tx: AsyncSession, visit: Visit) -> list[bool]:
    """For each performer who left a closed door: is it proven, both reports from the door and within the window?"""
    query = (
        select(CheckEvent)
        .join(Assignment, col(Assignment.id) == col(CheckEvent.assignment_id))
        .where(col(Assignment.visit_id) == visit.id, col(CheckEvent.kind).in_(["knock", "left"]))
    )
    by_performer: dict[UUID, dict[str, str]] = {}
    for event in await tx.scalars(query):
        by_performer.setdefault(event.assignment_id, {})[event.kind] = event.verdict
    return [set(found.values()) == {OK} for found in by_performer.values() if "left" in found]
