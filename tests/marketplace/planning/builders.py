"""A district's Monday for planning tests: caregivers on shift, booked visits, a kitchen with lunches."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.models import Region
from marketplace.planning import service
from marketplace.planning.models import Plan
from marketplace.visits.models import Assignment, Performer, Shift, Visit
from tests.builders import Town, a_town, an_elder
from tests.marketplace.visits.builders import MONDAY, a_performer, a_shift, a_visit, at

KITCHEN = uuid4()


@dataclass(frozen=True, slots=True)
class Team:
    """A town with caregivers on shift in its first district."""

    town: Town
    district: Region
    performers: tuple[Performer, ...]
    shifts: tuple[Shift, ...]


async def a_team(platform: Platform, tx: AsyncSession, size: int = 2, **given: Any) -> Team:
    """So many caregivers who clean, bathe and carry meals, on e-bikes, eight to six."""
    town = await a_town(tx)
    district = town.districts[0]
    skills = ["bath", "cleaning", "meal"]
    performers = [await a_performer(platform, tx, district, skills=skills) for _ in range(size)]
    shifts = [await a_shift(tx, one, district, **{"capacity_boxes": 10, **given}) for one in performers]
    return Team(town, district, tuple(performers), tuple(shifts))


async def a_booked_visit(platform: Platform, tx: AsyncSession, team: Team, **given: Any) -> Visit:
    """A visit to an elder of her own."""
    return await a_visit(tx, await an_elder(platform, tx, team.town.communities[0]), **given)


async def a_lunch(platform: Platform, tx: AsyncSession, team: Team, **given: Any) -> Visit:
    """A box from the kitchen a kilometre away, due between eleven and half past twelve."""
    lunch = {
        "service": "meal",
        "skills": ("meal", f"provider:{uuid4()}"),
        "service_seconds": 180,
        "window_start": at(11),
        "window_end": at(12, 30),
        "kitchen_id": KITCHEN,
        "kitchen_lon": team.district.lon + 0.01,
        "kitchen_lat": team.district.lat,
        "boxes": 1,
        "max_ride_seconds": 2400,
    }
    return await a_booked_visit(platform, tx, team, **{**lunch, **given})


async def plan_now(platform: Platform, team: Team) -> Plan:
    """Ask for Monday and plan it; the plan in force afterwards."""
    async with transaction(platform.db) as tx:
        await service.request(tx, team.district.id, MONDAY, now=platform.now())
    await service.plan_day(platform, team.district.id, MONDAY)
    return await plan_in_force(platform, team)


async def plan_in_force(platform: Platform, team: Team) -> Plan:
    """The published plan."""
    async with transaction(platform.db) as tx:
        plan = await tx.scalar(
            select(Plan).where(col(Plan.district_id) == team.district.id, col(Plan.state) == "published")
        )
    assert plan is not None
    return plan


async def assigned(platform: Platform, visit: Visit) -> list[Assignment]:
    """The visit's live assignments."""
    async with transaction(platform.db) as tx:
        rows = await tx.scalars(
            select(Assignment)
            .where(col(Assignment.visit_id) == visit.id, col(Assignment.state) != "withdrawn")
            .order_by(col(Assignment.member))
        )
        return list(rows)


async def state_of(platform: Platform, visit: Visit) -> str:
    """The visit's state as it stands in the database."""
    async with transaction(platform.db) as tx:
        found = await tx.get_one(Visit, visit.id)
        return found.state
