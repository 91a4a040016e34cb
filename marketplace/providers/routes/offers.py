"""Routes of offers: the provider publishes, everybody reads."""

import hashlib
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel

from marketplace.catalogue.service import ServiceCode
from marketplace.providers import offers, prices
from marketplace.providers.models import Offer, Price, Provider
from marketplace.providers.reach import MANAGERS
from marketplace.providers.schemas.offers import OfferIn, OfferOut, PriceIn, PriceList, PriceOut
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Now, OnceGiven, Tx
from marketplace.web.etag import answer

TAGS = ["offers"]
WRITERS = [requires(*MANAGERS)]
SHARED = "public, max-age=60"  # everybody sees the same list; a price announced ahead takes hold within a minute


def _offer_out(offer: Offer, provider: Provider, published: list[Price], now: datetime) -> OfferOut:
    current = prices.in_force(published, now)
    fields = set(PriceOut.model_fields) - {"in_force"}
    return OfferOut(
        **offer.model_dump(include=set(OfferOut.model_fields) - {"provider_name", "prices"}),
        provider_name=provider.name,
        prices=[PriceOut(**row.model_dump(include=fields), in_force=row.id in current) for row in published],
    )


def _cacheable(request: Request[Any, Any, Any], body: BaseModel) -> Response[Any]:
    """The answer with the digest of what it says as its ETag, for caches on the way too."""
    response = answer(request, body, hashlib.sha256(body.model_dump_json().encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = SHARED
    return response


@post("/v1/providers/{provider_id:uuid}/offers", tags=TAGS, operation_id="openOffer", guards=WRITERS)
async def open_offer(
    provider_id: FromPath[UUID], data: JSONBody[OfferIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> OfferOut:
    """Put a service on the price list; publish its price next."""

    async def work() -> OfferOut:
        offer = await offers.open_offer(tx, provider_id, data, actor=actor)
        return _offer_out(*await offers.public_offer(tx, offer.id), [], now)

    return await once(tx, OfferOut, work)


@post("/v1/offers/{offer_id:uuid}/prices", tags=TAGS, operation_id="publishPrice", guards=WRITERS)
async def publish_price(
    offer_id: FromPath[UUID], data: JSONBody[PriceIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> PriceOut:
    """Publish the offer's next price, for now or ahead. What was published stays as it is."""

    async def work() -> PriceOut:
        row = await prices.publish_price(tx, offer_id, data, actor=actor, now=now)
        fields = set(PriceOut.model_fields) - {"in_force"}
        return PriceOut(**row.model_dump(include=fields), in_force=row.valid_from <= now)

    return await once(tx, PriceOut, work)


@post("/v1/offers/{offer_id:uuid}/withdraw", tags=TAGS, operation_id="withdrawOffer", guards=WRITERS, status_code=200)
async def withdraw(offer_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, once: OnceGiven) -> OfferOut:
    """Take an offer off the list; what was booked stays booked."""

    async def work() -> OfferOut:
        offer = await offers.withdraw_offer(tx, offer_id, actor=actor)
        published = await prices.prices_of(tx, [offer.id])
        return _offer_out(*await offers.public_offer(tx, offer.id), published[offer.id], now)

    return await once(tx, OfferOut, work)


@get("/v1/offers", tags=TAGS, operation_id="showPriceList")
async def price_list(
    request: Request[Any, Any, Any],
    tx: Tx,
    now: Now,
    service: FromQuery[ServiceCode | None] = None,
    provider_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> Response[PriceList]:
    """The public price list in both languages, with every price that was published and those announced."""
    rows = await offers.public_offers(tx, service=service, provider_id=provider_id, after=after, limit=limit)
    published = await prices.prices_of(tx, [offer.id for offer, _ in rows])
    body = PriceList(
        offers=[_offer_out(offer, provider, published.get(offer.id, []), now) for offer, provider in rows],
        next_cursor=rows[-1][0].id if len(rows) == limit else None,
    )
    return _cacheable(request, body)


@get("/v1/offers/{offer_id:uuid}", tags=TAGS, operation_id="showOffer")
async def show_offer(request: Request[Any, Any, Any], offer_id: FromPath[UUID], tx: Tx, now: Now) -> Response[OfferOut]:
    """One line of the price list with its history, also when it was withdrawn."""
    offer, provider = await offers.public_offer(tx, offer_id)
    published = await prices.prices_of(tx, [offer.id])
    return _cacheable(request, _offer_out(offer, provider, published.get(offer.id, []), now))


HANDLERS: list[Any] = [open_offer, publish_price, withdraw, price_list, show_offer]
