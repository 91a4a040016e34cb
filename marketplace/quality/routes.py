"""Routes of quality."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from marketplace.quality import ratings
from marketplace.quality.schemas import BookingRatingOut, RatingIn
from marketplace.web.authentication import signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

PATH = "/v1/bookings/{booking_id:uuid}/rating"


@post(PATH, tags=["quality"], operation_id="rateBooking", guards=[signed_in])
async def rate(
    booking_id: FromPath[UUID],
    data: JSONBody[RatingIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> BookingRatingOut:
    """Rate a served booking, once, as its booker, its elder or her family."""

    async def work() -> BookingRatingOut:
        rating = await ratings.rate(tx, platform.vault, booking_id, data, actor=actor, now=now)
        return await ratings.shown(tx, platform.vault, rating)

    return await once(tx, BookingRatingOut, work)


@get(PATH, tags=["quality"], operation_id="showRating", guards=[signed_in])
async def show(booking_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> BookingRatingOut:
    """What was said of a booking that one may know of."""
    rating = await ratings.rating_for(tx, booking_id, actor=actor, now=now)
    return await ratings.shown(tx, platform.vault, rating)


ROUTES: list[Any] = [rate, show]
