"""A district of the demo city in the middle of its Monday: planned by the real engine, partly driven, partly late."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from random import Random
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.demo.geography import City, Frontage, build_city, distance_metres, frontages, sites
from marketplace.people.accounts import actor_of, open_account
from marketplace.people.elders import register_elder
from marketplace.people.models import Account, Elder, Region
from marketplace.people.regions import add_region
from marketplace.people.schemas import ElderIn
from marketplace.planning import service as planning
from marketplace.providers.models import Kitchen
from marketplace.visits.attendance.checking import Report, check
from marketplace.visits.models import Assignment, Performer, Visit
from marketplace.web.schemas import LonLat
from tests.builders import next_phone
from tests.conftest import MovableClock
from tests.marketplace.providers.builders import a_kitchen, a_provider
from tests.marketplace.visits.builders import MONDAY, a_performer, a_shift, a_visit, at

PASSWORD = "a-long-password-1"
SURNAMES = "赵钱孙李周吴郑王冯陈"
_people = count(0)


@dataclass(frozen=True, slots=True)
class RunningDay:
    """The district, and who signs in to look at it."""

    district: Region
    phone: str


def a_name(kind: str) -> str:
    """A plainly invented name."""
    number = next(_people)
    return f"{SURNAMES[number % 10]}拟{kind}{number // 10 or ''}"


async def a_running_day(
    platform: Platform, clock: MovableClock, *, caregivers: int = 9, visits: int = 44, solve_seconds: float = 2.0
) -> RunningDay:
    """Planned at six, looked at after eleven."""
    clock.set(at(6))
    async with transaction(platform.db) as tx:
        made, communities = await _regions(tx, build_city())
        district = made[0]
        doors = [door for door in frontages(1, 400) if door.district_code == district.code]
        provider = await a_provider(platform, tx, district)
        kitchen = await a_kitchen(platform, tx, provider.id, *made[:2])
        kitchen.name = "示例长者食堂"
        middle = (district.lon, district.lat)
        near = min(sites(1).kitchens, key=lambda site: distance_metres(site.frontage.lonlat, middle))
        kitchen.lon, kitchen.lat = near.frontage.lonlat
        await _caregivers(platform, tx, district, doors, caregivers, provider.id)
        elders = [await _an_elder(platform, tx, door, communities) for door in doors[:visits]]
        for number, elder in enumerate(elders):
            await _book(tx, elder, number, kitchen)
        staff = await _a_dispatcher(platform, tx, district)
    await _plan(platform, district, solve_seconds)
    await _live(platform, clock)
    async with transaction(platform.db) as tx:
        await a_visit(tx, elders[3], service="escort", skills=("escort",), window_start=at(15), window_end=at(16))
    return RunningDay(district, staff)


async def _regions(tx: AsyncSession, city: City) -> tuple[list[Region], dict[str, Region]]:
    root = await add_region(
        tx, parent=None, level="city", code=city.code, name_zh=city.name.zh, name_en=city.name.en, lon=8.69, lat=49.41
    )
    districts, communities = [], {}
    for district in city.districts:
        node = await _region(tx, root, "district", district)
        districts.append(node)
        for street in district.streets:
            way = await _region(tx, node, "street", street)
            for community in street.communities:
                communities[community.code] = await _region(tx, way, "community", community)
    return districts, communities


async def _region(tx: AsyncSession, parent: Region, level: str, place: object) -> Region:
    code, name, (lon, lat) = place.code, place.name, place.centre  # type: ignore[attr-defined]  # all three kinds have them
    return await add_region(
        tx, parent=parent, level=level, code=code, name_zh=name.zh, name_en=name.en, lon=lon, lat=lat
    )


async def _caregivers(
    platform: Platform, tx: AsyncSession, district: Region, doors: list[Frontage], number: int, provider_id: object
) -> None:
    chance = Random(7)
    for index in range(number):
        mode = ("ebike", "ebike", "car", "walk")[index % 4]
        skills = ["cleaning", "meal", *(["bath"] if index % 2 == 0 else []), f"provider:{provider_id}"]
        person = await a_performer(platform, tx, district, mode=mode, skills=skills, name=a_name("护"))
        lon, lat = doors[-1 - index].lonlat
        begin = chance.choice([7, 8, 8, 9])
        await a_shift(
            tx,
            person,
            district,
            starts_at=at(begin),
            ends_at=at(begin + 9),
            lon=lon,
            lat=lat,
            capacity_boxes=0 if mode == "walk" else 12,
            break_from=at(12, 30),
            break_until=at(14),
            break_seconds=1800,
        )


async def _an_elder(platform: Platform, tx: AsyncSession, door: Frontage, communities: dict[str, Region]) -> Elder:
    data = ElderIn(
        name=a_name("梅"),
        gender="f",
        birth_on=MONDAY.replace(year=1942),
        community_id=communities[door.community_code].id,
        place=LonLat(lon=door.lonlat[0], lat=door.lonlat[1]),
        address=door.address.zh,
        phone=next_phone(),
    )
    return await register_elder(tx, platform.vault, data, actor=Actor.system(), now=platform.now())


async def _book(tx: AsyncSession, elder: Elder, number: int, kitchen: Kitchen) -> Visit:
    """Three lunches to two visits at home; now and then one that nobody can serve."""
    if number % 5 < 3:
        return await a_visit(
            tx,
            elder,
            service="meal",
            skills=("meal",),
            service_seconds=180,
            window_start=at(11),
            window_end=at(12, 30),
            kitchen_id=kitchen.id,
            kitchen_lon=kitchen.lon,
            kitchen_lat=kitchen.lat,
            boxes=1 + number % 2,
            max_ride_seconds=2400,
        )
    hour = (8, 9, 10, 14, 15)[number // 5 % 5]
    kind, crew = (("bath", 2) if number % 15 == 4 else ("bath", 1)) if number % 5 == 4 else ("cleaning", 1)
    skills: tuple[str, ...] = (kind, "gender:m") if number in {18, 33} else (kind,)
    if number == 23:  # long before anybody is at work
        hour = 5
    window = {"window_start": at(hour), "window_end": at(hour + (0 if hour == 5 else 1), 30)}
    return await a_visit(tx, elder, service=kind, skills=skills, crew_size=crew, service_seconds=2700, **window)


async def _a_dispatcher(platform: Platform, tx: AsyncSession, district: Region) -> str:
    phone = next_phone()
    roles = [Role.DISPATCHER, Role.OFFICER]
    await open_account(
        tx, platform.vault, name="示例调度", phone=phone, roles=roles, region_id=district.parent_id, password=PASSWORD
    )
    return phone


async def _plan(platform: Platform, district: Region, solve_seconds: float) -> None:
    quick = replace(platform, settings=replace(platform.settings, solve_seconds=solve_seconds))
    async with transaction(platform.db) as tx:
        await planning.request(tx, district.id, MONDAY, now=platform.now())
    await planning.plan_day(quick, district.id, MONDAY)


async def _live(platform: Platform, clock: MovableClock) -> None:
    """Drive the morning: all on time but one shift that hangs behind, and one report from far away."""
    now = at(11, 10)
    async with transaction(platform.db) as tx:
        query = (
            select(Assignment, Visit, Performer, Account)
            .join(Visit, col(Visit.id) == col(Assignment.visit_id))
            .join(Performer, col(Performer.id) == col(Assignment.performer_id))
            .join(Account, col(Account.id) == col(Performer.account_id))
            .where(col(Assignment.state) == "published", col(Assignment.planned_from) < now)
            .order_by(col(Assignment.planned_from))
        )
        driven = list((await tx.execute(query)).all())
    slow = driven[-1][2].id
    for index, (one, visit, performer, account) in enumerate(driven):
        if performer.id == slow and one.planned_from > at(10, 15):
            continue  # stuck: has not come yet
        for kind, instant in (("in", one.planned_from), ("out", one.planned_until)):
            if instant > now:
                break
            clock.set(instant)
            far = 0.01 if index == 1 else 0.0
            report = Report(
                event_id=uuid4(),
                kind="in" if kind == "in" else "out",
                device_at=instant,
                lon=visit.lon + far,
                lat=visit.lat,
                accuracy_metres=8,
                mocked=False,
            )
            async with transaction(platform.db) as tx:
                actor = await actor_of(tx, account)
                await check(tx, one.id, report, rules=platform.policy.visit, actor=actor, now=instant)
    clock.set(now + timedelta(minutes=3))
