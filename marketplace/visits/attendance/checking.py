"""Check-in and check-out, as a performer's device reports them, possibly hours later.

The device makes the report's id, so that sending it again is harmless; it tells its own time, and ours is kept too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import KeyReused, Unknown
from marketplace.base.policy import VisitRules
from marketplace.base.states import move
from marketplace.visits.assigning import live_assignments
from marketplace.visits.attendance.evidence import metres_between, verdict
from marketplace.visits.attendance.finishing import finish, tell
from marketplace.visits.errors import DeviceTime, NotCheckedIn
from marketplace.visits.models import ASSIGNMENT_STEPS, VISIT_STEPS, Assignment, CheckEvent, Performer, Visit

Kind = Literal["in", "out", "knock", "left"]
CLOCK_SKEW = timedelta(minutes=5)
OLDEST_REPORT = timedelta(days=7)  # an offline queue that is older belongs to a person's judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the device says."""

    event_id: UUID
    kind: Kind
    device_at: datetime
    lon: float
    lat: float
    accuracy_metres: float
    mocked: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """The report as it was kept, with what it belongs to as that is now."""

    event: CheckEvent
    assignment: Assignment
    visit: Visit


async def check(
    tx: AsyncSession, assignment_id: UUID, report: Report, *, rules: VisitRules, actor: Actor, now: datetime
) -> Checked:
    """Keep a report of the actor's own assignment and take the step it means. The same report twice is one.

    For a visit that counts as missed already the report is kept as evidence and nothing else changes.
    `Unknown`, `KeyReused`, `DeviceTime`, `NotCheckedIn`, `IllegalTransition`.
    """
    assignment, visit = await locked(tx, assignment_id, actor)
    stored = await tx.get(CheckEvent, report.event_id)
    if stored is not None:
        require_same(stored, assignment, report)
        return Checked(stored, assignment, visit)
    await require_time(tx, assignment, report, now)
    if visit.state == "missed":
        event = await keep(tx, assignment, visit, report, rules=rules, now=now)
        return Checked(event, assignment, visit)
    if report.kind == "out" and assignment.state == "published":
        raise NotCheckedIn
    step = "checked_in" if report.kind == "in" else "checked_out"
    await move(tx, assignment, step, ASSIGNMENT_STEPS, actor=actor, now=now)
    event = await keep(tx, assignment, visit, report, rules=rules, now=now)
    if report.kind == "in" and visit.state == "published":
        await move(tx, visit, "checked_in", VISIT_STEPS, actor=actor, now=now)
        await tell(tx, "visit.checked_in", visit)
    elif report.kind == "out" and all(one.state == "checked_out" for one in await live_assignments(tx, visit)):
        await finish(tx, visit, rules=rules, actor=actor, now=now)
    return Checked(event, assignment, visit)


async def locked(tx: AsyncSession, assignment_id: UUID, actor: Actor) -> tuple[Assignment, Visit]:
    """The actor's own assignment and its visit, both locked; else `Unknown`."""
    own = (
        select(col(Assignment.visit_id))
        .join(Performer, col(Performer.id) == col(Assignment.performer_id))
        .where(col(Assignment.id) == assignment_id, col(Performer.account_id) == actor.account_id)
    )
    visit = await tx.scalar(select(Visit).where(col(Visit.id).in_(own)).with_for_update())
    assignment = await tx.scalar(select(Assignment).where(col(Assignment.id) == assignment_id).with_for_update())
    if visit is None or assignment is None:
        raise Unknown(what="assignment")
    return assignment, visit


def require_same(stored: CheckEvent, assignment: Assignment, report: Report) -> None:
    """`KeyReused` unless the report is the one that was kept under its id."""
    given = (assignment.id, report.kind, report.device_at, report.lon, report.lat, report.accuracy_metres)
    kept = (stored.assignment_id, stored.kind, stored.device_at, stored.lon, stored.lat, stored.accuracy_metres)
    if given != kept or report.mocked != stored.mocked:
        raise KeyReused(pointer="/event_id")


async def require_time(tx: AsyncSession, assignment: Assignment, report: Report, now: datetime) -> None:
    """`DeviceTime` for a report from the future, from a week ago, or of leaving before coming."""
    if report.device_at > now + CLOCK_SKEW:
        raise DeviceTime(pointer="/device_at", reason="it lies in the future")
    if report.device_at < now - OLDEST_REPORT:
        raise DeviceTime(pointer="/device_at", reason="it lies more than seven days back")
    came_at = await tx.scalar(
        select(col(CheckEvent.device_at)).where(
            col(CheckEvent.assignment_id) == assignment.id, col(CheckEvent.kind) == "in"
        )
    )
    if report.kind == "out" and came_at is not None and report.device_at < came_at:
        raise DeviceTime(pointer="/device_at", reason="one leaves after one came")


async def keep(
    tx: AsyncSession, assignment: Assignment, visit: Visit, report: Report, *, rules: VisitRules, now: datetime
) -> CheckEvent:
    """Write the report down with its distance from the elder's and the verdict on it."""
    distance = metres_between(report.lon, report.lat, visit.lon, visit.lat)
    event = CheckEvent(
        id=report.event_id,
        assignment_id=assignment.id,
        kind=report.kind,
        device_at=report.device_at,
        received_at=now,
        lon=report.lon,
        lat=report.lat,
        accuracy_metres=report.accuracy_metres,
        mocked=report.mocked,
        distance_metres=distance,
        verdict=verdict(
            rules,
            visit,
            kind=report.kind,
            device_at=report.device_at,
            distance_metres=distance,
            mocked=report.mocked,
        ),
    )
    tx.add(event)
    await tx.flush()
    return event
