"""The route of search."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import Row

from marketplace.base.policy import RatingRules
from marketplace.catalogue.service import ServiceCode, service_by_code
from marketplace.people.elders import elder_for
from marketplace.providers.errors import Impossible
from marketplace.providers.rating import bayesian_mean
from marketplace.providers.schemas.offers import Hit, HitPage, Tier
from marketplace.providers.schemas.organisations import RatingOut
from marketplace.providers.search import Cursor, Sort, Wish, find_hits, read_cursor, write_cursor
from marketplace.web.authentication import signed_in
from marketplace.web.dependencies import Acting, Home, Now, Tx

FARTHEST = timedelta(days=366)
CENTURY = (2000, 2100)  # comparing instants outside overflows in one zone or another

Lon = Annotated[float | None, QueryParameter(ge=-180, le=180)]
Lat = Annotated[float | None, QueryParameter(ge=-90, le=90)]
PriceLimit = Annotated[int | None, QueryParameter(ge=0, le=100_000_000)]
Word = Annotated[str | None, QueryParameter(max_length=200)]


@get("/v1/search", tags=["offers"], operation_id="searchOffers", guards=[signed_in])
async def search(
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    service: FromQuery[ServiceCode],
    elder_id: FromQuery[UUID | None] = None,
    lon: FromQuery[Lon] = None,
    lat: FromQuery[Lat] = None,
    at: FromQuery[datetime | None] = None,
    max_price_fen: FromQuery[PriceLimit] = None,
    tier: FromQuery[Tier | None] = None,
    sort: FromQuery[Sort] = "distance",
    after: FromQuery[Word] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=100)]] = 20,
) -> HitPage:
    """Offers near an elder or a point that may be booked now, and at `at`, if given, with people on shift."""
    _require_time(at, now)
    if (elder_id is None) == (lon is None or lat is None) or (elder_id is not None and (lon, lat) != (None, None)):
        raise Impossible(pointer="/elder_id", reason="give elder_id, or lon and lat")
    elder = await elder_for(tx, elder_id, actor=actor, now=now) if elder_id is not None else None
    wish = Wish(
        service=await service_by_code(tx, service),
        lon=elder.lon if elder else lon or 0.0,
        lat=elder.lat if elder else lat or 0.0,
        district_id=elder.district_id if elder else None,
        gender=elder.gender if elder else None,
        at=at,
        max_price_fen=max_price_fen,
        tier=tier,
        sort=sort,
        after=read_cursor(sort, after) if after else None,
        limit=limit,
    )
    rows = await find_hits(tx, wish, now=now, rules=platform.policy.rating)
    last = Cursor(rows[-1].sort_key, rows[-1].offer_id) if len(rows) == limit else None
    return HitPage(
        hits=[_hit(row, platform.policy.rating) for row in rows],
        next_cursor=write_cursor(sort, last) if last else None,
    )


def _require_time(at: datetime | None, now: datetime) -> None:
    if at is None:
        return
    if at.tzinfo is None:
        raise Impossible(pointer="/at", reason="an instant has an offset")
    if not CENTURY[0] <= at.year < CENTURY[1] or not now <= at <= now + FARTHEST:
        raise Impossible(pointer="/at", reason="search from now on, at most a year ahead")


def _hit(row: Row[Any], rules: RatingRules) -> Hit:
    rating = RatingOut(mean=bayesian_mean(row.rating_sum, row.rating_count, rules), count=row.rating_count)
    same = {name: getattr(row, name) for name in Hit.model_fields if name not in {"distance_metres", "rating"}}
    return Hit(**same, distance_metres=round(row.distance_metres), rating=rating)


HANDLERS: list[Any] = [search]
