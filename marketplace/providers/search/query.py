"""The search query, in SQL: prices of now, great-circle distance, Bayesian mean, papers and staff, one page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.clock import local_day
from marketplace.base.policy import RatingRules
from marketplace.providers.models import Kitchen, Offer, Price, Provider
from marketplace.providers.search.staffing import staffed, works_in
from marketplace.providers.search.wish import Wish
from marketplace.providers.standing import serving

EARTH_METRES = 6_371_008.8  # mean radius, IUGG
NO_FEN = 2.0**53  # offers priced in minutes alone come last when sorted by price


async def find_hits(tx: AsyncSession, wish: Wish, *, now: datetime, rules: RatingRules) -> Sequence[Row[Any]]:
    """One page of hits in the wish's order; each row also bears its `sort_key`."""
    offers = _candidates(wish, now, rules).subquery("offers")
    keys = {"distance": offers.c.distance_metres, "price": _price_key(offers), "rating": -offers.c.rating_mean}
    key = keys[wish.sort]
    query = select(offers, key.label("sort_key")).where(or_(offers.c.price_fen.is_not(None), _in_minutes(offers)))
    if wish.max_price_fen is not None:
        query = query.where(offers.c.price_fen <= wish.max_price_fen)
    if wish.after is not None:
        at, last_id = wish.after.key, wish.after.offer_id
        query = query.where(or_(key > at, and_(key == at, offers.c.offer_id > last_id)))
    return (await tx.execute(query.order_by(key, offers.c.offer_id).limit(wish.limit))).all()


def _price_key(offers: Subquery) -> ColumnElement[float]:
    return case((offers.c.price_fen.is_(None), literal(NO_FEN)), else_=func.float8(offers.c.price_fen))


def _in_minutes(offers: Subquery) -> ColumnElement[bool]:
    found: ColumnElement[bool] = offers.c.price_minutes.is_not(None)
    return found


def _candidates(wish: Wish, now: datetime, rules: RatingRules) -> Select[*tuple[Any, ...]]:
    """Every open offer of the service that may be booked, with what it costs, how far and how good it is."""
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Offer.id).label("offer_id"),
            col(Offer.provider_id),
            col(Provider.name).label("provider_name"),
            col(Provider.state).label("provider_state"),
            col(Provider.rating_sum),
            col(Provider.rating_count),
            col(Offer.service),
            col(Offer.tier),
            col(Offer.kitchen_id),
            col(Offer.name_zh),
            col(Offer.name_en),
            col(Offer.must_accept),
            _metres(wish.lon, wish.lat).label("distance_metres"),
            _price_now("fen", now).label("price_fen"),
            _price_now("minutes", now).label("price_minutes"),
            _mean(rules).label("rating_mean"),
        )
        .join(Provider, col(Provider.id) == col(Offer.provider_id))
        .join(Kitchen, col(Kitchen.id) == col(Offer.kitchen_id), isouter=True)
        .where(col(Offer.service) == wish.service.code, col(Offer.state) == "open", *_may_serve(wish, now))
    )
    return query.where(col(Offer.tier) == wish.tier) if wish.tier is not None else query


def _may_serve(wish: Wish, now: datetime) -> list[ColumnElement[bool]]:
    """Standing and papers today and then; the elder's district; enough people on shift at the wished time."""
    days = sorted({local_day(now), local_day(wish.at or now)})
    conditions = [condition for day in days for condition in serving(wish.service.code, day)]
    if wish.district_id is not None:
        conditions.append(_serves(wish, wish.district_id))
    if wish.at is not None:
        conditions.append(staffed(wish, wish.at))
    return conditions


def _serves(wish: Wish, district_id: UUID) -> ColumnElement[bool]:
    if wish.service.code == "meal":
        return col(Kitchen.district_ids).contains([district_id])
    return works_in(wish, district_id)


def _metres(lon: float, lat: float) -> ColumnElement[float]:
    """Great-circle distance by the haversine formula; a meal comes from its kitchen."""
    to_lon = func.radians(func.coalesce(col(Kitchen.lon), col(Provider.lon)))
    to_lat = func.radians(func.coalesce(col(Kitchen.lat), col(Provider.lat)))
    from_lon, from_lat = func.radians(float(lon)), func.radians(float(lat))
    half_chord = func.power(func.sin((to_lat - from_lat) / 2), 2) + func.cos(to_lat) * func.cos(from_lat) * func.power(
        func.sin((to_lon - from_lon) / 2), 2
    )
    metres: ColumnElement[float] = 2 * EARTH_METRES * func.asin(func.sqrt(func.least(1.0, half_chord)))
    return metres


def _price_now(unit: str, now: datetime) -> ColumnElement[int]:
    """The price in force, by the rule of `prices`."""
    return (
        select(col(Price.amount))
        .where(col(Price.offer_id) == col(Offer.id), col(Price.unit) == unit, col(Price.valid_from) <= now)
        .order_by(col(Price.valid_from).desc(), col(Price.version).desc())
        .limit(1)
        .correlate(Offer)
        .scalar_subquery()
    )


def _mean(rules: RatingRules) -> ColumnElement[float]:
    """The Bayesian mean, by the formula of `rating`."""
    stars = literal(rules.prior_mean * rules.prior_count) + func.float8(col(Provider.rating_sum))
    mean: ColumnElement[float] = stars / func.float8(col(Provider.rating_count) + rules.prior_count)
    return mean
