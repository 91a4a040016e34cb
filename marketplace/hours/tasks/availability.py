"""Availability: a volunteer says when she could come and from where; the planner sends her to tasks in that time.

It is an unpaid shift. Taking it back gives back the tasks she had on it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Unknown
from marketplace.base.policy import Policy
from marketplace.bookings.windows import home_window
from marketplace.hours.members.proxies import acts_for
from marketplace.hours.models import Member, Task
from marketplace.hours.tasks.errors import TakingNotOffered
from marketplace.hours.tasks.gates import require_standing
from marketplace.hours.tasks.giving_back import put_back
from marketplace.hours.tasks.sending_back import want_plan
from marketplace.visits.errors import ImpossibleShift
from marketplace.visits.models import Assignment, Shift, Visit
from marketplace.visits.shifts import add_shift, withdraw_shift

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """From when to when on one day of the city, and where she sets out and returns to."""

    starts_at: datetime
    ends_at: datetime
    lon: float
    lat: float


async def declare(tx: AsyncSession, member: Member, available: Available, *, policy: Policy, now: datetime) -> Shift:
    """Offer a time. `TakingNotOffered`, `NotAMember`, `MemberInactive`, `ShiftOverlaps`, `ImpossibleShift`, and what
    `home_window` refuses."""
    rules = policy.timebank.earning
    if "dispatch" not in rules.taking:
        raise TakingNotOffered(offered=", ".join(rules.taking))
    performer = await require_standing(tx, member)
    start = available.starts_at
    day = home_window(start, start, service_seconds=0, rules=policy.booking, now=now).day
    if not start < available.ends_at < start + DAY or local_day(available.ends_at) != day:
        raise ImpossibleShift(pointer="/ends_at", reason="it begins and ends on one day")
    shift = await add_shift(
        tx,
        performer=performer,
        district_id=member.district_id,
        day=day,
        starts_at=available.starts_at,
        ends_at=available.ends_at,
        lon=available.lon,
        lat=available.lat,
        unpaid=True,
    )
    await want_plan(tx, shift.district_id, day)
    return shift


async def take_back(tx: AsyncSession, shift_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Shift:
    """She cannot come after all. `Unknown`; what she has begun stays hers."""
    # the shift before its visits, as whoever publishes a plan locks them
    shift = await tx.get(Shift, shift_id, with_for_update=True, populate_existing=True)
    owner = await tx.scalar(select(Member).where(col(Member.performer_id) == shift.performer_id)) if shift else None
    if shift is None or owner is None or not shift.unpaid or not await acts_for(tx, actor, owner):
        raise Unknown(what="shift")
    for task in await _tasks_of(tx, shift):
        await put_back(tx, task, actor=actor, now=now, reason=reason)
    return await withdraw_shift(tx, shift.id, actor=actor, now=now, reason=reason)


async def _tasks_of(tx: AsyncSession, shift: Shift) -> list[Task]:
    """The tasks on a shift that have not begun, locked in order."""
    visits = (
        select(col(Visit.cause_id))
        .join(Assignment, col(Assignment.visit_id) == col(Visit.id))
        .where(
            col(Assignment.shift_id) == shift.id,
            col(Assignment.state) == "published",
            col(Visit.cause_kind) == "task",
            col(Visit.state) == "published",
        )
    )
    query = select(Task).where(col(Task.id).in_(visits), col(Task.state).in_(["reserved", "grabbed"]))
    return list(await tx.scalars(query.order_by(col(Task.id)).with_for_update()))
