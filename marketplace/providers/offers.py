"""Offers: what a provider puts on the public price list, and what a booking may take from it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.errors import Unknown
from marketplace.catalogue.models import Service
from marketplace.catalogue.service import service_by_code
from marketplace.providers.errors import Impossible, NotBookable
from marketplace.providers.models import SERVING, Kitchen, Offer, Provider
from marketplace.providers.prices import price_in_force
from marketplace.providers.reach import managed
from marketplace.providers.schemas.offers import OfferIn
from marketplace.providers.standing import is_bookable


@dataclass(frozen=True, slots=True)
class BookableOffer:
    """An offer with the published price that a booking made now must copy. `amount` is in `unit`, per visit or box."""

    offer_id: UUID
    provider_id: UUID
    service: Service
    kitchen: Kitchen | None
    price_id: UUID
    price_version: int
    unit: str
    amount: int
    tier: str
    must_accept: bool


async def open_offer(tx: AsyncSession, provider_id: UUID, data: OfferIn, *, actor: Actor) -> Offer:
    """A new line of the price list; it can be booked once a price is in force. A meal names the provider's kitchen."""
    provider = await managed(tx, provider_id, actor=actor)
    await service_by_code(tx, data.service)
    if (data.service == "meal") != (data.kitchen_id is not None):
        raise Impossible(pointer="/kitchen_id", reason="a meal names its kitchen, nothing else does")
    if data.kitchen_id is not None:
        kitchen = await tx.get(Kitchen, data.kitchen_id)
        if kitchen is None or kitchen.provider_id != provider.id:
            raise Unknown(pointer="/kitchen_id", what="kitchen")
    offer = Offer(provider_id=provider.id, **data.model_dump())
    tx.add(offer)
    await tx.flush()
    audit.note(tx, "offer.opened", actor=actor, entity="offer", entity_id=offer.id)
    return offer


async def withdraw_offer(tx: AsyncSession, offer_id: UUID, *, actor: Actor) -> Offer:
    """Take an offer off the list; what was booked stays booked. A second call changes nothing."""
    offer = await tx.get(Offer, offer_id)
    if offer is None:
        raise Unknown(what="offer")
    await managed(tx, offer.provider_id, actor=actor)
    await tx.refresh(offer)
    if offer.state == "open":
        offer.state = "withdrawn"
        await tx.flush()
        audit.note(tx, "offer.withdrawn", actor=actor, entity="offer", entity_id=offer.id)
    return offer


async def offer_for_booking(
    tx: AsyncSession, offer_id: UUID, unit: str, *, now: datetime, on: date | None = None
) -> BookableOffer:
    """The offer at its price of now, for a service on day `on` (today without one).

    `Unknown` when there is no such offer; `NotBookable` when it is withdrawn, has no price in that unit, or the
    provider may not serve it today or on that day, for its standing or for a paper that is not valid then.
    """
    offer = await tx.get(Offer, offer_id, populate_existing=True)
    if offer is None:
        raise Unknown(pointer="/offer_id", what="offer")
    if offer.state != "open":
        raise NotBookable(reason="offer_withdrawn")
    today = local_day(now)
    for day in {today, on or today}:
        if not await is_bookable(tx, offer.provider_id, day, service=offer.service):
            raise NotBookable(reason="provider_not_bookable")
    price = await price_in_force(tx, offer.id, unit, now)
    if price is None:
        raise NotBookable(reason="no_price_in_unit")
    return BookableOffer(
        offer_id=offer.id,
        provider_id=offer.provider_id,
        service=await service_by_code(tx, offer.service),
        kitchen=await tx.get(Kitchen, offer.kitchen_id) if offer.kitchen_id else None,
        price_id=price.id,
        price_version=price.version,
        unit=price.unit,
        amount=price.amount,
        tier=offer.tier,
        must_accept=offer.must_accept,
    )


async def offer_to_promise(tx: AsyncSession, offer_id: UUID, unit: str, *, now: datetime, on: date) -> BookableOffer:
    """As `offer_for_booking`, with the provider's standing held still until the transaction ends.

    A suspension under way is waited for and then seen, and one that comes later finds this promise made.
    """
    offer = await tx.get(Offer, offer_id)
    if offer is not None:
        await tx.execute(
            select(col(Provider.id)).where(col(Provider.id) == offer.provider_id).with_for_update(read=True)
        )
    return await offer_for_booking(tx, offer_id, unit, now=now, on=on)


async def public_offers(
    tx: AsyncSession, *, service: str | None, provider_id: UUID | None, after: UUID | None, limit: int
) -> list[tuple[Offer, Provider]]:
    """Open offers of providers that serve, in the order of their ids, after a cursor."""
    query = (
        select(Offer, Provider)
        .join(Provider, col(Provider.id) == col(Offer.provider_id))
        .where(col(Offer.state) == "open", col(Provider.state).in_(SERVING))
        .order_by(col(Offer.id))
        .limit(limit)
    )
    if service is not None:
        query = query.where(col(Offer.service) == service)
    if provider_id is not None:
        query = query.where(col(Offer.provider_id) == provider_id)
    if after is not None:
        query = query.where(col(Offer.id) > after)
    return [(offer, provider) for offer, provider in await tx.execute(query)]


async def public_offer(tx: AsyncSession, offer_id: UUID) -> tuple[Offer, Provider]:
    """One offer with its provider, also a withdrawn one: what was published stays public. Else `Unknown`."""
    query = select(Offer, Provider).join(Provider, col(Provider.id) == col(Offer.provider_id))
    found = (await tx.execute(query.where(col(Offer.id) == offer_id))).one_or_none()
    if found is None:
        raise Unknown(what="offer")
    offer, provider = found
    return offer, provider
