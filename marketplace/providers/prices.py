"""Published prices: each is a version that stays for ever. Nothing is charged that was not published before.

In force for a unit is, of the prices whose `valid_from` has come, the one that began last; of two that begin at the
same instant the one published last.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.providers.errors import Impossible, OfferWithdrawn
from marketplace.providers.models import Offer, Price
from marketplace.providers.reach import managed
from marketplace.providers.schemas.offers import PriceIn

FARTHEST = timedelta(days=366)
LONGEST_MINUTES = 24 * 60
CENTURY = (2000, 2100)  # comparing instants outside overflows in one zone or another


async def publish_price(tx: AsyncSession, offer_id: UUID, data: PriceIn, *, actor: Actor, now: datetime) -> Price:
    """Publish the next version. Backdated, far-off or senseless prices are refused; `Unknown` for a foreign offer."""
    offer = await _offer_to_change(tx, offer_id, actor)
    valid_from = data.valid_from or now
    if not CENTURY[0] <= valid_from.year < CENTURY[1] or not now <= valid_from <= now + FARTHEST:
        raise Impossible(pointer="/valid_from", reason="a price begins now or later, at most a year ahead")
    _require_fitting(offer.tier, data)
    last = await tx.scalar(select(func.max(col(Price.version))).where(col(Price.offer_id) == offer.id))
    price = Price(
        offer_id=offer.id,
        version=(last or 0) + 1,
        unit=data.unit,
        amount=data.amount,
        valid_from=valid_from,
        published_at=now,
        published_by=actor.account_id,
    )
    tx.add(price)
    await tx.flush()
    audit.note(tx, "price.published", actor=actor, entity="price", entity_id=price.id, offer_id=str(offer.id))
    return price


async def _offer_to_change(tx: AsyncSession, offer_id: UUID, actor: Actor) -> Offer:
    offer = await tx.get(Offer, offer_id)
    if offer is None:
        raise Unknown(what="offer")
    await managed(tx, offer.provider_id, actor=actor)  # its lock makes versions follow one another
    await tx.refresh(offer)
    if offer.state != "open":
        raise OfferWithdrawn
    return offer


def _require_fitting(tier: str, data: PriceIn) -> None:
    """Free is 0 fen and nothing else is free; hours stay within a day."""
    if tier == "free" and (data.unit, data.amount) != ("fen", 0):
        raise Impossible(pointer="/amount", reason="an offer of the free tier costs 0 fen")
    if tier != "free" and data.amount == 0:
        raise Impossible(pointer="/amount", reason="only the free tier costs nothing")
    if data.unit == "minutes" and data.amount > LONGEST_MINUTES:
        raise Impossible(pointer="/amount", reason=f"a visit costs at most {LONGEST_MINUTES} minutes")


async def price_in_force(tx: AsyncSession, offer_id: UUID, unit: str, at: datetime) -> Price | None:
    """The price of an offer in a unit at an instant, if one was in force."""
    query = (
        select(Price)
        .where(col(Price.offer_id) == offer_id, col(Price.unit) == unit, col(Price.valid_from) <= at)
        .order_by(col(Price.valid_from).desc(), col(Price.version).desc())
        .limit(1)
    )
    return await tx.scalar(query)


async def prices_of(tx: AsyncSession, offer_ids: Iterable[UUID]) -> dict[UUID, list[Price]]:
    """All prices of these offers, newest version first."""
    query = select(Price).where(col(Price.offer_id).in_(list(offer_ids))).order_by(col(Price.version).desc())
    found: dict[UUID, list[Price]] = defaultdict(list)
    for price in await tx.scalars(query):
        found[price.offer_id].append(price)
    return found


def in_force(prices: Iterable[Price], at: datetime) -> set[UUID]:
    """Of one offer's prices the ids of those in force at an instant: at most one per unit."""
    best: dict[str, Price] = {}
    for price in prices:
        rival = best.get(price.unit)
        if price.valid_from <= at and (
            rival is None or (price.valid_from, price.version) > (rival.valid_from, rival.version)
        ):
            best[price.unit] = price
    return {price.id for price in best.values()}
