"""Providers for tests: one that serves, with papers, staff, kitchens, offers and shifts, as a test asks for them."""

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day
from marketplace.base.platform import Platform
from marketplace.catalogue.service import ServiceCode, Skill, load_services
from marketplace.people.accounts import actor_of, open_account
from marketplace.people.models import Region
from marketplace.providers.caregivers import Staff, employ
from marketplace.providers.credentials import check, submit
from marketplace.providers.kitchens import add_kitchen
from marketplace.providers.legal_person import check_character
from marketplace.providers.models import Credential, Kitchen, Offer, Price, Provider
from marketplace.providers.offers import open_offer
from marketplace.providers.onboarding import activate, apply, verify
from marketplace.providers.prices import publish_price
from marketplace.providers.schemas.offers import OfferIn, PriceIn, Tier, Unit
from marketplace.providers.schemas.organisations import CredentialIn, CredentialKind, ProviderIn, ProviderKind
from marketplace.providers.schemas.staff import CaregiverIn, KitchenIn, WeeklyShiftIn
from marketplace.providers.shifts import roll_out, set_week
from marketplace.web.schemas import LonLat
from tests.builders import next_phone

SYSTEM = Actor.system()
_numbers = count(1)


def next_legal_person_code() -> str:
    """A well-formed code that no other builder of this process gave."""
    first_17 = f"5214{next(_numbers):013d}"
    return first_17 + check_character(first_17)


def application(district: Region, *, kind: ProviderKind = "home_care", at: LonLat | None = None) -> ProviderIn:
    """An application from the middle of a district."""
    return ProviderIn(
        name=f"示例机构{next(_numbers)}",
        kind=kind,
        legal_person_code=next_legal_person_code(),
        district_id=district.id,
        place=at or LonLat(lon=district.lon, lat=district.lat),
    )


async def an_applicant(platform: Platform, tx: AsyncSession, district: Region, *, at: LonLat | None = None) -> Provider:
    """A provider that has just applied."""
    return await apply(tx, application(district, at=at), actor=SYSTEM, now=platform.now())


async def a_paper(
    platform: Platform,
    tx: AsyncSession,
    provider_id: UUID,
    kind: CredentialKind = "licence",
    *,
    until: date | None = None,
    since: date | None = None,
) -> Credential:
    """A checked credential, valid from a month ago for two years unless said otherwise."""
    today = local_day(platform.now())
    data = CredentialIn(
        kind=kind,
        number=f"SX-{next(_numbers)}",
        valid_from=since or today - timedelta(days=30),
        valid_until=until or today + timedelta(days=730),
    )
    paper = await submit(tx, provider_id, data, actor=SYSTEM, now=platform.now())
    return await check(tx, provider_id, paper.id, accepted=True, reason=None, actor=SYSTEM, now=platform.now())


async def a_caregiver(
    platform: Platform,
    tx: AsyncSession,
    provider_id: UUID,
    *skills: Skill,
    gender: Literal["f", "m"] = "f",
    district: Region | None = None,
    trained_on: date | None = date(2025, 1, 1),
    capacity_boxes: int = 0,
) -> Staff:
    """A caregiver on an e-bike, trained long ago."""
    data = CaregiverIn(
        name=f"示例护理{next(_numbers)}",
        phone=next_phone(),
        gender=gender,
        skills=list(skills) or ["cleaning"],
        mode="ebike",
        trained_on=trained_on,
        district_id=district.id if district else None,
        capacity_boxes=capacity_boxes,
    )
    return await employ(tx, platform.vault, provider_id, data, actor=SYSTEM, now=platform.now())


async def a_provider(
    platform: Platform,
    tx: AsyncSession,
    district: Region,
    *,
    skills: tuple[Skill, ...] = ("bath", "cleaning", "escort", "medical"),
    licence_until: date | None = None,
    at: LonLat | None = None,
) -> Provider:
    """A provider that serves: licence checked, one trained caregiver, opened. Loads the catalogue too."""
    await load_services(tx)
    provider = await an_applicant(platform, tx, district, at=at)
    await a_paper(platform, tx, provider.id, until=licence_until)
    await verify(tx, provider.id, actor=SYSTEM, now=platform.now())
    await a_caregiver(platform, tx, provider.id, *skills)
    return await activate(tx, provider.id, actor=SYSTEM, now=platform.now())


async def an_admin(platform: Platform, tx: AsyncSession, provider: Provider) -> Actor:
    """An admin of the provider."""
    account = await open_account(
        tx,
        platform.vault,
        name=f"示例管理{next(_numbers)}",
        phone=next_phone(),
        roles=[Role.PROVIDER],
        provider_id=provider.id,
    )
    return await actor_of(tx, account)


async def on_shift(
    platform: Platform,
    tx: AsyncSession,
    staff: Staff,
    *,
    starts: time = time(8),
    ends: time = time(17),
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6),
    days: int = 7,
) -> int:
    """Give a caregiver a week and roll it out from today; returns how many shifts were made."""
    caregiver, _ = staff
    week = [WeeklyShiftIn(weekday=weekday, starts=starts, ends=ends) for weekday in weekdays]
    await set_week(tx, caregiver.provider_id, caregiver.id, week, actor=SYSTEM)
    now: datetime = platform.now()
    return await roll_out(tx, caregiver.provider_id, local_day(now), days, actor=SYSTEM, now=now)


async def a_kitchen(
    platform: Platform, tx: AsyncSession, provider_id: UUID, *districts: Region, lunch: int = 100, dinner: int = 0
) -> Kitchen:
    """A kitchen at its first district's middle, with the food licence checked."""
    await a_paper(platform, tx, provider_id, "food")
    data = KitchenIn(
        name=f"示例厨房{next(_numbers)}",
        place=LonLat(lon=districts[0].lon, lat=districts[0].lat),
        district_ids=[district.id for district in districts],
        lunch_capacity=lunch,
        dinner_capacity=dinner,
    )
    return await add_kitchen(tx, provider_id, data, actor=SYSTEM)


async def a_price(
    platform: Platform,
    tx: AsyncSession,
    offer_id: UUID,
    amount: int,
    *,
    unit: Unit = "fen",
    since: datetime | None = None,
) -> Price:
    """A published price."""
    data = PriceIn(unit=unit, amount=amount, valid_from=since)
    return await publish_price(tx, offer_id, data, actor=SYSTEM, now=platform.now())


async def an_offer(
    platform: Platform,
    tx: AsyncSession,
    provider_id: UUID,
    service: ServiceCode = "cleaning",
    *,
    tier: Tier = "paid",
    fen: int | None = 8_000,
    minutes: int | None = None,
    kitchen: Kitchen | None = None,
) -> Offer:
    """An offer with its prices published; the default is a cleaning for 80 yuan."""
    data = OfferIn(
        service=service,
        tier=tier,
        kitchen_id=kitchen.id if kitchen else None,
        name_zh="示例服务",
        name_en="Sample service",
    )
    offer = await open_offer(tx, provider_id, data, actor=SYSTEM)
    if fen is not None:
        await a_price(platform, tx, offer.id, fen)
    if minutes is not None:
        await a_price(platform, tx, offer.id, minutes, unit="minutes")
    return offer
