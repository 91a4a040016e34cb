"""Visits as other features see them: planned for a cause, assigned, cancelled, settled with it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.visits.assigning import assign, live_assignments, withdraw_assignments
from marketplace.visits.errors import ImpossibleVisit
from marketplace.visits.models import STARTED, VISIT_STEPS, Visit

__all__ = [
    "VisitSpec",
    "assign",
    "attendant",
    "begun_among",
    "cancel_visits",
    "exclude",
    "hand_over",
    "has_begun",
    "keep_assignment",
    "mark_settled",
    "plan_visit",
    "visit_ids",
    "visits_of",
]

MISSED_DUE = "visit.missed_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSpec:
    """What a visit shall be; the fields are the columns of `Visit`. `ImpossibleVisit` names the first one wrong."""

    cause_kind: str
    cause_id: UUID
    elder_id: UUID
    district_id: UUID
    service: str
    lon: float
    lat: float
    window_start: datetime
    window_end: datetime
    service_seconds: int
    crew_size: int = 1
    skills: tuple[str, ...] = ()
    priority: int = 50
    mandatory: bool = False
    kitchen_id: UUID | None = None
    kitchen_lon: float | None = None
    kitchen_lat: float | None = None
    boxes: int = 0
    max_ride_seconds: int | None = None

    def __post_init__(self) -> None:
        for wrong, field, reason in (
            (self.window_end < self.window_start, "window_end", "the window ends before it starts"),
            (self.service_seconds <= 0, "service_seconds", "the service takes no time"),
            (not 1 <= self.crew_size <= 4, "crew_size", "a crew is one to four"),
            (not 1 <= self.priority <= 100, "priority", "a priority lies between 1 and 100"),
            ((self.kitchen_id is None) != (self.boxes == 0), "boxes", "boxes come from a kitchen"),
            (self.kitchen_id is not None and self.crew_size > 1, "crew_size", "boxes are carried by one"),
            ((self.max_ride_seconds or 1) <= 0, "max_ride_seconds", "the ride takes no time"),
        ):
            if wrong:
                raise ImpossibleVisit(pointer=f"/{field}", reason=reason)


async def plan_visit(tx: AsyncSession, spec: VisitSpec, *, actor: Actor, now: datetime) -> Visit:
    """A planned visit of this kind, with the timer that notices when nobody comes."""
    del actor, now  # part of every verb's face; a new visit has no transition to log
    visit = Visit(**{**asdict(spec), "skills": sorted(set(spec.skills))})
    tx.add(visit)
    await tx.flush()
    await timers.set_timer(tx, MISSED_DUE, visit.id, visit.window_end)
    return visit


async def visits_of(tx: AsyncSession, cause_kind: str, cause_id: UUID) -> list[Visit]:
    """All visits that exist for a cause, whatever became of them, by id."""
    query = select(Visit).where(col(Visit.cause_kind) == cause_kind, col(Visit.cause_id) == cause_id)
    return list(await tx.scalars(query.order_by(col(Visit.id))))


async def visit_ids(tx: AsyncSession, cause_kind: str, cause_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """For each cause the ids of its visits, in one query."""
    query = select(col(Visit.cause_id), col(Visit.id)).where(
        col(Visit.cause_kind) == cause_kind, col(Visit.cause_id).in_(cause_ids)
    )
    found: dict[UUID, list[UUID]] = {cause_id: [] for cause_id in cause_ids}
    for cause_id, visit_id in await tx.execute(query.order_by(col(Visit.id))):
        found[cause_id].append(visit_id)
    return found


async def cancel_visits(
    tx: AsyncSession, cause_kind: str, cause_id: UUID, *, actor: Actor, now: datetime, reason: str
) -> bool:
    """Cancel what a cause still has before it. False, and nothing changed, if one of its visits has started."""
    visits = await _locked(tx, cause_kind, cause_id)
    if any(visit.state in STARTED for visit in visits):
        return False
    for visit in visits:
        if visit.state in {"planned", "published"}:
            await withdraw_assignments(tx, visit, actor=actor, now=now, reason=reason)
            await move(tx, visit, "cancelled", VISIT_STEPS, actor=actor, now=now, reason=reason)
            await timers.drop_timer(tx, MISSED_DUE, visit.id)
    return True


async def hand_over(
    tx: AsyncSession,
    cause_kind: str,
    cause_id: UUID,
    *,
    skills: Sequence[str],
    kitchen: tuple[UUID, float, float] | None,
    actor: Actor,
    now: datetime,
    reason: str,
) -> bool:
    """Let others attend a cause: whoever was assigned is taken off, and it is to be planned anew with these skills.

    `kitchen` is a meal's new one with its lon and lat. False, and nothing changed, if a visit has started.
    """
    visits = await _locked(tx, cause_kind, cause_id)
    if any(visit.state in STARTED for visit in visits):
        return False
    for visit in visits:
        if visit.state not in {"planned", "published"}:
            continue
        await withdraw_assignments(tx, visit, actor=actor, now=now, reason=reason)
        if visit.state == "published":
            await move(tx, visit, "planned", VISIT_STEPS, actor=actor, now=now, reason=reason)
        visit.skills = sorted(set(skills))
        if kitchen is not None:
            visit.kitchen_id, visit.kitchen_lon, visit.kitchen_lat = kitchen
        visit.version += 1
    await tx.flush()
    return True


async def mark_settled(tx: AsyncSession, cause_kind: str, cause_id: UUID, *, actor: Actor, now: datetime) -> None:
    """The cause was paid or credited: its approved visits are settled. Others stay as they are."""
    for visit in await _locked(tx, cause_kind, cause_id):
        if visit.state == "approved":
            await move(tx, visit, "settled", VISIT_STEPS, actor=actor, now=now)


async def attendant(tx: AsyncSession, cause_kind: str, cause_id: UUID) -> UUID | None:
    """The performer who is assigned to a cause's one visit, if anybody is."""
    for visit in await _locked(tx, cause_kind, cause_id):
        for assignment in await live_assignments(tx, visit):
            return assignment.performer_id
    return None


async def keep_assignment(tx: AsyncSession, cause_kind: str, cause_id: UUID, performer_id: UUID) -> bool:
    """The performer has said yes: no plan moves the visit any more. False if she is not the one assigned."""
    for visit in await _locked(tx, cause_kind, cause_id):
        for assignment in await live_assignments(tx, visit):
            if assignment.performer_id == performer_id:
                assignment.plan_id = None
                assignment.version += 1
                visit.version += 1  # a plan that is being made saw it free to move
                await tx.flush()
                return True
    return False


async def exclude(tx: AsyncSession, cause_kind: str, cause_id: UUID, performer_id: UUID) -> None:
    """Do not plan this performer for a cause."""
    for visit in await _locked(tx, cause_kind, cause_id):
        visit.excluded = sorted({*visit.excluded, performer_id})
        visit.version += 1
    await tx.flush()


async def has_begun(tx: AsyncSession, cause_kind: str, cause_id: UUID) -> bool:
    """Has anybody arrived for this cause? The answer stands while the caller's transaction lasts."""
    return any(visit.state in STARTED for visit in await _locked(tx, cause_kind, cause_id))


async def begun_among(tx: AsyncSession, cause_kind: str, cause_ids: Sequence[UUID]) -> set[UUID]:
    """For which of these causes anybody has arrived. Their visits are locked by id, as for a shift taken back."""
    query = select(Visit).where(col(Visit.cause_kind) == cause_kind, col(Visit.cause_id).in_(cause_ids))
    visits = await tx.scalars(query.order_by(col(Visit.id)).with_for_update())
    return {visit.cause_id for visit in visits if visit.state in STARTED}


async def _locked(tx: AsyncSession, cause_kind: str, cause_id: UUID) -> list[Visit]:
    query = select(Visit).where(col(Visit.cause_kind) == cause_kind, col(Visit.cause_id) == cause_id)
    return list(await tx.scalars(query.order_by(col(Visit.id)).with_for_update()))
