"""What a page is made from, read in one transaction: visits the actor may see, who goes there, the plan in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.bookings.models import Booking
from marketplace.console.day.waiting import Waiting, read_waiting
from marketplace.matters.listing import matters_for
from marketplace.matters.models import Matter
from marketplace.people.access import visible_to
from marketplace.people.models import Elder, Region
from marketplace.planning import views
from marketplace.planning.models import Plan, PlanRequest
from marketplace.planning.schemas import PlanDetail, StopOut
from marketplace.providers.models import Kitchen, Provider
from marketplace.visits.listing import visits_for
from marketplace.visits.models import Assignment, Performer, Shift, Visit

MOST = 5000  # visits of one district and day; a city's busiest district has a tenth of it
MOST_MATTERS = 100  # nobody reads further; the most urgent come first
LATE_SECONDS = 300  # five minutes are no news to a dispatcher
SERVING = frozenset({"visit", "dropoff"})


@dataclass(frozen=True, slots=True)
class DayRows:
    """Rows by their ids. `visits` holds only what the actor may see, `names` the elders' names of those."""

    district: Region
    day: date
    now: datetime
    plan: Plan | None
    detail: PlanDetail | None
    request: PlanRequest | None
    visits: Mapping[UUID, Visit]
    names: Mapping[UUID, str]
    shifts: tuple[tuple[Shift, Performer], ...]
    attendances: Mapping[UUID, list[tuple[Assignment, Performer]]]
    kitchens: tuple[Kitchen, ...]
    providers: Mapping[UUID, str]
    matters: tuple[tuple[Matter, Booking], ...]
    waiting: Waiting = Waiting()

    @property
    def day_before(self) -> date:
        return self.day - timedelta(days=1)

    @property
    def day_after(self) -> date:
        return self.day + timedelta(days=1)

    def visit_of(self, stop: StopOut) -> Visit | None:
        """The stop's visit, if the actor may see it."""
        return self.visits.get(stop.visit_id) if stop.visit_id else None

    def standing(self) -> Iterable[tuple[UUID, list[StopOut]]]:
        """Each route's stops that still hold: what was withdrawn since the plan was published is left out."""
        for route in self.detail.routes if self.detail else ():
            stops = [stop for stop in route.stops if stop.visit_id is None or stop.state is not None]
            yield route.shift_id, stops

    def late_seconds(self) -> dict[UUID, int]:
        """By visit: how late it is expected to end, where that is worth telling and it has not ended yet."""
        late: dict[UUID, int] = {}
        for _, stops in self.standing():
            for stop in stops:
                if stop.visit_id and stop.kind in SERVING and stop.state in {"published", "checked_in"}:
                    late[stop.visit_id] = max(late.get(stop.visit_id, 0), stop.late_seconds)
        return {visit_id: seconds for visit_id, seconds in late.items() if seconds >= LATE_SECONDS}


async def read_rows(tx: AsyncSession, district: Region, day: date, *, actor: Actor, now: datetime) -> DayRows:
    """The day as the actor may see it now."""
    here = (col(Plan.district_id) == district.id, col(Plan.day) == day, col(Plan.state) == "published")
    plan = await tx.scalar(select(Plan).where(*here))
    detail = await views.detail_of(tx, plan, now=now) if plan else None
    found = await visits_for(tx, actor=actor, now=now, district_id=district.id, day=day, limit=MOST)
    visits = {visit.id: visit for visit in found if visit.state != "cancelled"}
    matters = await matters_for(tx, actor=actor, now=now, district_id=district.id, limit=MOST_MATTERS)
    waiting = await read_waiting(tx, district, actor=actor, now=now)
    elders = {visit.elder_id for visit in visits.values()} | {matter.elder_id for matter, _ in matters}
    elders |= {task.elder_id for task in (*waiting.requests, *waiting.disputes)}
    elders |= {series.elder_id for series in waiting.series}
    return DayRows(
        district=district,
        day=day,
        now=now,
        plan=plan,
        detail=detail,
        request=await tx.scalar(
            select(PlanRequest).where(col(PlanRequest.district_id) == district.id, col(PlanRequest.day) == day)
        ),
        visits=visits,
        names=await _names(tx, elders, actor=actor, now=now),
        shifts=await _shifts(tx, district, day, [route.shift_id for route in detail.routes] if detail else []),
        attendances=await _attendances(tx, list(visits)),
        kitchens=await _kitchens(tx, district),
        providers=await _providers(tx),
        matters=tuple(matters),
        waiting=waiting,
    )


async def _names(tx: AsyncSession, elders: set[UUID], *, actor: Actor, now: datetime) -> dict[UUID, str]:
    rows = await tx.execute(
        select(col(Elder.id), col(Elder.name)).where(col(Elder.id).in_(elders), visible_to(actor, now))
    )
    return {row[0]: row[1] for row in rows}


async def _shifts(
    tx: AsyncSession, district: Region, day: date, planned: list[UUID]
) -> tuple[tuple[Shift, Performer], ...]:
    """Open paid shifts, and whatever else the plan in force knows: withdrawn ones, volunteers'."""
    query = (
        select(Shift, Performer)
        .join(Performer, col(Performer.id) == col(Shift.performer_id))
        .where(
            col(Shift.district_id) == district.id,
            col(Shift.day) == day,
            or_(and_(col(Shift.state) == "open", col(Shift.unpaid).is_(False)), col(Shift.id).in_(planned)),
        )
        .order_by(col(Shift.starts_at), col(Performer.name), col(Shift.id))
    )
    return tuple((shift, performer) for shift, performer in await tx.execute(query))


async def _attendances(tx: AsyncSession, visits: list[UUID]) -> dict[UUID, list[tuple[Assignment, Performer]]]:
    query = (
        select(Assignment, Performer)
        .join(Performer, col(Performer.id) == col(Assignment.performer_id))
        .where(col(Assignment.visit_id).in_(visits), col(Assignment.state) != "withdrawn")
        .order_by(col(Assignment.member))
    )
    found: dict[UUID, list[tuple[Assignment, Performer]]] = {}
    for assignment, performer in await tx.execute(query):
        found.setdefault(assignment.visit_id, []).append((assignment, performer))
    return found


async def _kitchens(tx: AsyncSession, district: Region) -> tuple[Kitchen, ...]:
    serving = select(Kitchen).where(col(Kitchen.district_ids).contains([district.id]))
    return tuple(await tx.scalars(serving.order_by(col(Kitchen.name))))


async def _providers(tx: AsyncSession) -> dict[UUID, str]:
    rows = await tx.execute(select(col(Provider.id), col(Provider.name)))
    return {row[0]: row[1] for row in rows}
