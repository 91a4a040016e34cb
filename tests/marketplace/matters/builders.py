"""A second provider in the market's district, which can take bookings over."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.bookings.capacity import open_days
from marketplace.providers.standing import resume, suspend
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
