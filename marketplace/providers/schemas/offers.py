"""Offers, published prices and search hits, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.catalogue.service import ServiceCode
from marketplace.providers.schemas.organisations import RatingOut
from marketplace.providers.schemas.words import Title
from marketplace.web.schemas import In, Instant, Out

Tier = Literal["free", "low_cost", "paid"]
Unit = Literal["fen", "minutes"]


class OfferIn(In):
    """A service to put on offer; a meal names one of the provider's kitchens. Prices are published separately."""

    service: ServiceCode
    tier: Tier
    kitchen_id: UUID | None = None
    name_zh: Title = Field(examples=["居家助浴"])
    name_en: Title = Field(examples=["Bath at home"])
    must_accept: bool = Field(default=False, description="the provider accepts each booking itself, in time")


class PriceIn(In):
    """A price to publish: fen, or minutes of the time bank, per visit or box. Without `valid_from` it holds at once."""

    unit: Unit
    amount: Annotated[int, Field(ge=0, le=100_000_000)] = Field(examples=[12_000])
    valid_from: Instant | None = Field(default=None, examples=["2026-04-01T00:00:00+08:00"])


class PriceOut(Out):
    """A published price."""

    id: UUID
    version: int
    unit: str
    amount: int
    valid_from: datetime
    published_at: datetime
    in_force: bool


class OfferOut(Out):
    """A line of the public price list with every price ever published, newest first, and those announced."""

    id: UUID
    provider_id: UUID
    provider_name: str
    service: str
    tier: str
    kitchen_id: UUID | None
    name_zh: str
    name_en: str
    must_accept: bool
    state: str
    prices: list[PriceOut]


class PriceList(Out):
    """A page of the public price list."""

    offers: list[OfferOut]
    next_cursor: UUID | None


class Hit(Out):
    """An offer that fits what was searched, with today's prices."""

    offer_id: UUID
    provider_id: UUID
    provider_name: str
    provider_state: str
    service: str
    tier: str
    kitchen_id: UUID | None
    name_zh: str
    name_en: str
    must_accept: bool
    distance_metres: int
    price_fen: int | None
    price_minutes: int | None
    rating: RatingOut


class HitPage(Out):
    """A page of hits; pass `next_cursor` as `after` together with the same question."""

    hits: list[Hit]
    next_cursor: str | None
