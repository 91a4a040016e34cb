"""Performers, shifts and visits for tests, with defaults for whatever a test does not care about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_instant
from marketplace.base.platform import Platform
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account, Elder, Region
from marketplace.visits.models import Assignment, Performer, Shift, Visit
from marketplace.visits.performers import add_performer
from marketplace.visits.service import VisitSpec, assign, plan_visit
from marketplace.visits.shifts import add_shift
from tests.builders import Town, a_town, an_account, an_elder

MONDAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in the city
SYSTEM = Actor.system()


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    """The instant of a wall-clock time in the city."""
    return local_instant(day, time(hour, minute))


async def a_performer(
    platform: Platform, tx: AsyncSession, district: Region, *, account: Account | None = None, **given: Any
) -> Performer:
    """A caregiver on an e-bike, female, of a provider of her own, who cleans."""
    account = account or await an_account(platform, tx, Role.CAREGIVER)
    values: dict[str, Any] = {"kind": "caregiver", "provider_id": uuid4(), "gender": "f", "mode": "ebike"}
    values |= {"skills": ["cleaning"], "name": "示例护理员", "district_id": district.id, **given}
    return await add_performer(tx, account_id=account.id, **values)


async def a_shift(tx: AsyncSession, performer: Performer, district: Region, **given: Any) -> Shift:
    """Eight to six on Monday, from and to the district's middle."""
    values: dict[str, Any] = {"day": MONDAY, "starts_at": at(8), "ends_at": at(18), "lon": district.lon}
    values |= {"lat": district.lat, **given}
    return await add_shift(tx, performer=performer, district_id=district.id, **values)


async def a_visit(tx: AsyncSession, elder: Elder, **given: Any) -> Visit:
    """An hour of cleaning for a booking, to begin between nine and ten on Monday."""
    values: dict[str, Any] = {
        "cause_kind": "booking",
        "cause_id": uuid4(),
        "elder_id": elder.id,
        "district_id": elder.district_id,
        "service": "cleaning",
        "lon": elder.lon,
        "lat": elder.lat,
        "window_start": at(9),
        "window_end": at(10),
        "service_seconds": 3600,
        "skills": ("cleaning",),
    }
    return await plan_visit(tx, VisitSpec(**{**values, **given}), actor=SYSTEM, now=NINE)


@dataclass(frozen=True, slots=True)
class Attended:
    """A published visit with the one who goes there."""

    town: Town
    elder: Elder
    visit: Visit
    assignment: Assignment
    performer: Performer
    actor: Actor


async def an_attended_visit(platform: Platform, tx: AsyncSession, **given: Any) -> Attended:
    """A visit assigned by hand for nine o'clock, for an hour."""
    town = await a_town(tx)
    elder = await an_elder(platform, tx, town.communities[0])
    account = await an_account(platform, tx, Role.CAREGIVER)
    performer = await a_performer(platform, tx, town.districts[0], account=account)
    visit = await a_visit(tx, elder, **given)
    start = visit.window_start
    until = start + timedelta(seconds=visit.service_seconds)
    assignment = await assign(tx, visit.id, performer.id, starts_at=start, ends_at=until, actor=SYSTEM, now=NINE)
    return Attended(town, elder, visit, assignment, performer, await actor_of(tx, account))


def report(platform: Platform, attended: Attended, **given: Any) -> dict[str, Any]:
    """A check-in's or check-out's body, made at the elder's door now."""
    values: dict[str, Any] = {"event_id": str(uuid4()), "device_at": platform.now().isoformat(), "mocked": False}
    values |= {"lon": attended.elder.lon, "lat": attended.elder.lat, "accuracy_metres": 10.0}
    return values | given
