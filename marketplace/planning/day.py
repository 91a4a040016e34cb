"""A district's day as it stands in the database: everything a plan is made from, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.planning.models import Plan
from marketplace.providers.models import BARRED, Provider
from marketplace.visits.listing import day_bounds
from marketplace.visits.models import Assignment, CheckEvent, Performer, Shift, Visit
from marketplace.visits.performers import VOLUNTEER


@dataclass(frozen=True, slots=True)
class Day:
    """Open shifts, visits to be planned that still count (booked ones, and tasks for volunteers), and all live
    assignments of either.

    `came_at` and `went_at` are device times by assignment; `rests` the planned breaks by shift, from and until.
    """

    district_id: UUID
    day: date
    midnight: datetime
    shifts: tuple[Shift, ...]
    visits: Mapping[UUID, Visit]
    assignments: tuple[Assignment, ...]
    came_at: Mapping[UUID, datetime]
    went_at: Mapping[UUID, datetime]
    rests: Mapping[UUID, tuple[datetime, datetime]]

    def seconds(self, instant: datetime) -> int:
        """Whole seconds since the day's midnight, rounded down."""
        return (instant - self.midnight) // timedelta(seconds=1)

    def seconds_up(self, instant: datetime) -> int:
        """Whole seconds since the day's midnight, rounded up: nothing starts before it may."""
        return -((self.midnight - instant) // timedelta(seconds=1))

    def instant(self, seconds: int) -> datetime:
        """The instant so many seconds after midnight."""
        return self.midnight + timedelta(seconds=seconds)


async def has_shifts(tx: AsyncSession, district_id: UUID, day: date) -> bool:
    """Does anybody whom a plan may send work there then?"""
    return await tx.scalar(_shifts(district_id, day).with_only_columns(col(Shift.id)).limit(1)) is not None


async def worked_days(tx: AsyncSession, provider_id: UUID, *, since: datetime) -> list[tuple[UUID, date]]:
    """The districts and days on which a provider's people work from `since` on, sorted."""
    query = (
        select(col(Shift.district_id), col(Shift.day))
        .join(Performer, col(Performer.id) == col(Shift.performer_id))
        .where(col(Performer.provider_id) == provider_id, col(Shift.state) == "open", col(Shift.ends_at) > since)
        .distinct()
    )
    return sorted((district_id, day) for district_id, day in await tx.execute(query))


def _shifts(district_id: UUID, day: date) -> Select[Shift]:
    # who may not serve is sent to nobody
    barred = (
        exists()
        .where(col(Performer.id) == col(Shift.performer_id), col(Provider.id) == col(Performer.provider_id))
        .where(col(Provider.state).in_(BARRED))
    )
    return (
        select(Shift)
        .where(
            col(Shift.district_id) == district_id,
            col(Shift.day) == day,
            col(Shift.state) == "open",
            ~barred,
        )
        .order_by(col(Shift.id))
    )


async def read_day(tx: AsyncSession, district_id: UUID, day: date) -> Day:
    """The day as it is now."""
    first, following = day_bounds(day)
    shifts = tuple(await tx.scalars(_shifts(district_id, day)))
    visits = await tx.scalars(
        select(Visit)
        .where(
            col(Visit.district_id) == district_id,
            or_(col(Visit.cause_kind) == "booking", col(Visit.skills).contains([VOLUNTEER])),
            col(Visit.window_start) >= first,
            col(Visit.window_start) < following,
            col(Visit.state).not_in(["cancelled", "missed"]),
        )
        .order_by(col(Visit.id))
    )
    found = {visit.id: visit for visit in visits}
    assignments = await _assignments(tx, list(found), [shift.performer_id for shift in shifts], first, following)
    abroad = {one.visit_id for one in assignments} - found.keys()
    for visit in await tx.scalars(select(Visit).where(col(Visit.id).in_(abroad))):
        found[visit.id] = visit
    events = list(
        await tx.scalars(select(CheckEvent).where(col(CheckEvent.assignment_id).in_([one.id for one in assignments])))
    )
    return Day(
        district_id=district_id,
        day=day,
        midnight=first,
        shifts=shifts,
        visits=found,
        assignments=assignments,
        came_at={event.assignment_id: event.device_at for event in events if event.kind == "in"},
        went_at={event.assignment_id: event.device_at for event in events if event.kind == "out"},
        rests=await _rests(tx, district_id, day, first),
    )


async def _assignments(
    tx: AsyncSession, visits: list[UUID], performers: list[UUID], first: datetime, following: datetime
) -> tuple[Assignment, ...]:
    """Live ones of these visits, and whatever else these performers do on that day."""
    theirs = and_(
        col(Assignment.performer_id).in_(performers),
        col(Assignment.planned_until) > first,
        col(Assignment.planned_from) < following,
    )
    query = (
        select(Assignment)
        .where(col(Assignment.state) != "withdrawn", or_(col(Assignment.visit_id).in_(visits), theirs))
        .order_by(col(Assignment.planned_from), col(Assignment.id))
    )
    return tuple(await tx.scalars(query))


async def _rests(
    tx: AsyncSession, district_id: UUID, day: date, midnight: datetime
) -> dict[UUID, tuple[datetime, datetime]]:
    """When the plan in force lets each shift rest."""
    plan = await tx.scalar(
        select(Plan).where(col(Plan.district_id) == district_id, col(Plan.day) == day, col(Plan.state) == "published")
    )
    if plan is None:
        return {}
    routes = [(route["shift"], route["stops"]) for route in plan.plan["routes"]]
    return {
        UUID(shift): (midnight + timedelta(seconds=stop["start"]), midnight + timedelta(seconds=stop["departure"]))
        for shift, stops in (*plan.kept.items(), *routes)
        for stop in stops
        if stop["kind"] == "break"
    }
