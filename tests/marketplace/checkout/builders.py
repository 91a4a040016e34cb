"""A small market for tests: one provider with caregivers on shift, a kitchen, offers with prices, and its people."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_instant
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.bookings.capacity import open_days
from marketplace.catalogue.service import load_services
from marketplace.people.access import give_access
from marketplace.people.accounts import actor_of
from marketplace.people.models import Elder
from marketplace.providers.models import Credential, Kitchen, Offer, Price, Provider
from marketplace.visits.models import Performer
from marketplace.visits.performers import add_performer
from marketplace.visits.shifts import add_shift
from tests.builders import Town, a_town, an_account, an_actor, an_elder

MONDAY = date(2026, 3, 2)  # the tests' clock stands at its 09:00
TUESDAY = date(2026, 3, 3)
PRICES = {"cleaning": 6800, "bath": 12_000, "meal": 1800}
SCOPES = ("view", "book", "pay")


def at(hour: int, minute: int = 0, *, day: date = TUESDAY) -> datetime:
    """A wall-clock time of the city."""
    return local_instant(day, time(hour, minute))


@dataclass(frozen=True, slots=True)
class Market:
    """Who and what there is. `offers` by service; `family` may see, book and pay for the elder."""

    town: Town
    provider_id: UUID
    offers: dict[str, UUID]
    kitchen_id: UUID
    caregivers: tuple[Performer, ...]
    elder: Elder
    elder_actor: Actor
    family: Actor
    officer: Actor
    admin: Actor

    def window(self, hour: int = 10, minute: int = 0, *, day: date = TUESDAY, minutes: int = 30) -> dict[str, Any]:
        """A quote's window, as JSON has it."""
        start = at(hour, minute, day=day)
        return {
            "window_start": start.isoformat(),
            "window_end": (start + timedelta(minutes=minutes)).isoformat(),
        }

    def asks(self, service: str = "cleaning", **changed: Any) -> dict[str, Any]:
        """The body of a quote: Tuesday at ten, or Tuesday's lunch."""
        when: dict[str, Any] = {"day": TUESDAY.isoformat(), "sitting": "lunch"} if service == "meal" else self.window()
        return {"offer_id": str(self.offers[service]), "elder_id": str(self.elder.id), **when, **changed}


async def a_market(
    platform: Platform,
    tx: AsyncSession,
    *,
    caregivers: int = 1,
    lunches: int = 3,
    skills: tuple[str, ...] = ("bath", "cleaning"),
) -> Market:
    """A provider of the first district whose caregivers (all women) work Monday to Sunday from 08:00 to 18:00."""
    now = platform.now()
    town = await a_town(tx)
    await load_services(tx)
    elder_account = await an_account(platform, tx, Role.ELDER)
    elder = await an_elder(platform, tx, town.communities[0], account=elder_account)
    provider_id = await _a_provider(tx, town)
    kitchen_id = await _a_kitchen(tx, town, provider_id, lunches)
    offers = {
        service: await an_offer(
            tx, provider_id, service, unit="fen", amount=amount, kitchen_id=kitchen_id if service == "meal" else None
        )
        for service, amount in PRICES.items()
    }
    staff = [await _a_caregiver(platform, tx, town, provider_id, skills=skills, days=7) for _ in range(caregivers)]
    await open_days(tx, provider_id, MONDAY, 7, policy=platform.policy)
    family = await an_actor(platform, tx, Role.FAMILY)
    await give(tx, elder.id, family, *SCOPES, now=now)
    admin = await an_account(platform, tx, Role.PROVIDER)
    admin.provider_id = provider_id
    await tx.flush()
    return Market(
        town=town,
        provider_id=provider_id,
        offers=offers,
        kitchen_id=kitchen_id,
        caregivers=tuple(staff),
        elder=elder,
        elder_actor=await actor_of(tx, elder_account),
        family=family,
        officer=await an_actor(platform, tx, Role.OFFICER, region=town.districts[0]),
        admin=await actor_of(tx, admin),
    )


async def give(tx: AsyncSession, elder_id: UUID, actor: Actor, *scopes: str, now: datetime) -> None:
    """Let an actor's account see, book or pay for an elder."""
    assert actor.account_id is not None
    for scope in scopes:
        await give_access(tx, elder_id, actor.account_id, scope, since=now, until=None, because="test")  # type: ignore[arg-type]  # names of scopes


async def _a_provider(tx: AsyncSession, town: Town) -> UUID:
    district = town.districts[0]
    provider = Provider(
        name="示例服务机构",
        kind="home_care",
        legal_person_code=new_id().hex[:18].upper(),
        district_id=district.id,
        lon=district.lon,
        lat=district.lat,
        state="active",
        applied_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    tx.add(provider)
    await tx.flush()
    for kind in ("licence", "food"):
        tx.add(
            Credential(
                provider_id=provider.id,
                kind=kind,
                number="示例",
                valid_from=date(2026, 1, 1),
                valid_until=date(2026, 3, 10),
                state="checked",
                checked_at=datetime(2026, 1, 2, tzinfo=UTC),
            )
        )
    await tx.flush()
    return provider.id


async def _a_kitchen(tx: AsyncSession, town: Town, provider_id: UUID, lunches: int) -> UUID:
    district = town.districts[0]
    kitchen = Kitchen(
        provider_id=provider_id,
        name="示例厨房",
        lon=district.lon,
        lat=district.lat,
        district_ids=[district.id],
        lunch_capacity=lunches,
        dinner_capacity=lunches,
    )
    tx.add(kitchen)
    await tx.flush()
    return kitchen.id


async def an_offer(
    tx: AsyncSession,
    provider_id: UUID,
    service: str,
    *,
    unit: str,
    amount: int,
    tier: str = "paid",
    kitchen_id: UUID | None = None,
) -> UUID:
    """An open offer with one price, in force since January."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    offer = Offer(
        provider_id=provider_id, service=service, tier=tier, kitchen_id=kitchen_id, name_zh="示例", name_en="Sample"
    )
    tx.add(offer)
    await tx.flush()
    tx.add(Price(offer_id=offer.id, version=1, unit=unit, amount=amount, valid_from=since, published_at=since))
    await tx.flush()
    return offer.id


async def _a_caregiver(
    platform: Platform, tx: AsyncSession, town: Town, provider_id: UUID, *, skills: tuple[str, ...], days: int
) -> Performer:
    district = town.districts[0]
    account = await an_account(platform, tx, Role.CAREGIVER)
    performer = await add_performer(
        tx,
        kind="caregiver",
        account_id=account.id,
        provider_id=provider_id,
        district_id=district.id,
        name=account.name,
        gender="f",
        mode="ebike",
        skills=skills,
    )
    for offset in range(days):
        day = MONDAY + timedelta(days=offset)
        await add_shift(
            tx,
            performer=performer,
            district_id=district.id,
            day=day,
            starts_at=at(8, day=day),
            ends_at=at(18, day=day),
            lon=district.lon,
            lat=district.lat,
        )
    return performer
