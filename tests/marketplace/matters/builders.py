"""A second provider in the market's district, which can take bookings over."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings.capacity import open_days
from marketplace.providers.standing import resume, suspend
from tests.builders import an_actor
from tests.marketplace.checkout.builders import MONDAY, Market
from tests.marketplace.checkout.conftest import Desk, Json
from tests.marketplace.providers.builders import (
    a_caregiver,
    a_kitchen,
    a_provider,
    an_offer,
    on_shift,
)

SYSTEM = Actor.system()


async def another_provider(
    platform: Platform, tx: AsyncSession, market: Market, *, fen: int = 6500, tier: str = "paid"
) -> tuple[UUID, UUID]:
    """A provider with one caregiver on shift all week, who cleans and bathes; its id and its cleaning offer."""
    district = market.town.districts[0]
    provider = await a_provider(platform, tx, district, skills=("escort",))
    staff = await a_caregiver(platform, tx, provider.id, "bath", "cleaning")
    await on_shift(platform, tx, staff)
    offer = await an_offer(platform, tx, provider.id, fen=fen, tier=tier)  # type: ignore[arg-type]  # a tier's name
    await open_days(tx, provider.id, MONDAY, 7, policy=platform.policy)
    return provider.id, offer.id


async def another_kitchen(platform: Platform, tx: AsyncSession, market: Market, provider_id: UUID) -> UUID:
    """Its kitchen in the market's district, with lunches at 15 yuan; returns the offer."""
    kitchen = await a_kitchen(platform, tx, provider_id, market.town.districts[0], lunch=2)
    offer = await an_offer(platform, tx, provider_id, "meal", fen=1500, kitchen=kitchen)
    return offer.id


async def suspended(desk: Desk, *, settle: bool = True) -> None:
    """The market's provider is suspended, and everybody has heard of it."""
    async with transaction(desk.platform.db) as tx:
        await suspend(tx, desk.market.provider_id, actor=SYSTEM, now=desk.platform.now(), reason="complaint upheld")
    if settle:
        await desk.settle_down()


async def resumed(desk: Desk) -> None:
    """It serves again."""
    async with transaction(desk.platform.db) as tx:
        await resume(tx, desk.market.provider_id, actor=SYSTEM, now=desk.platform.now(), reason="cleared")
    await desk.settle_down()


async def matters(desk: Desk, dispatcher: Actor, **query: Any) -> list[Json]:
    """What the dispatcher's list shows."""
    found: list[Json] = (await desk.get("/v1/matters", actor=dispatcher, **query))["matters"]
    return found


async def second_provider(desk: Desk, *, price: int = 6500, tier: str = "paid") -> str:
    async with transaction(desk.platform.db) as tx:
        _, offer = await another_provider(desk.platform, tx, desk.market, fen=price, tier=tier)
    return str(offer)


async def the_dispatcher(desk: Desk) -> Actor:
    async with transaction(desk.platform.db) as tx:
        return await an_actor(desk.platform, tx, Role.DISPATCHER, region=desk.market.town.districts[0])


async def move(desk: Desk, dispatcher: Actor, offer: str, *, expect: int = 200, code: str | None = None) -> Json:
    (matter,) = await matters(desk, dispatcher)
    path = f"/v1/matters/{matter['id']}/move"
    found = await desk.post(path, {"offer_id": offer}, actor=dispatcher, expect=expect)
    if code:
        assert found["code"] == code
    return found
