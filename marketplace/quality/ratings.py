"""Ratings: one per served booking, by those it was for. The provider's tally grows in the same transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.errors import Conflict, Forbidden, Unknown
from marketplace.base.ids import new_id
from marketplace.bookings.models import Booking
from marketplace.people.access import visible_to
from marketplace.people.models import Elder, FamilyGrant
from marketplace.providers.standing import add_rating
from marketplace.quality.models import Rating
from marketplace.quality.schemas import BookingRatingOut, RatingIn

SERVED = frozenset({"completed", "closed"})


class NotServed(Conflict):
    """Only what was served can be rated."""

    code = "not_served"
    zh = "服务完成后方可评价（当前状态：{state}）。"
    en = "A booking can be rated once it was served; it is {state}."


class AlreadyRated(Conflict):
    """A booking is rated once."""

    code = "already_rated"
    zh = "该订单已评价。"
    en = "This booking was rated already."


async def rate(
    tx: AsyncSession, vault: Vault, booking_id: UUID, data: RatingIn, *, actor: Actor, now: datetime
) -> Rating:
    """Rate a served booking as its booker, its elder or her family.

    `Unknown` for who may not know of it, `Forbidden` for others who may, `NotServed`, `AlreadyRated`.
    """
    booking = await _booking_seen(tx, booking_id, actor=actor, now=now, lock=True)
    if actor.account_id is None or not await _was_for(tx, booking, actor.account_id, now):
        raise Forbidden
    if booking.state not in SERVED:
        raise NotServed(state=booking.state)
    if await rating_of(tx, booking.id) is not None:
        raise AlreadyRated
    rating_id = new_id()
    words = await vault.seal(tx, booking.elder_id, _field(rating_id), data.comment) if data.comment else None
    rating = Rating(
        id=rating_id,
        booking_id=booking.id,
        provider_id=booking.provider_id,
        elder_id=booking.elder_id,
        rated_by=actor.account_id,
        stars=data.stars,
        comment_sealed=words,
        rated_at=now,
    )
    tx.add(rating)
    await tx.flush()
    await add_rating(tx, booking.provider_id, data.stars)
    audit.note(tx, "booking.rated", actor=actor, entity="booking", entity_id=booking.id, stars=data.stars)
    return rating


def _field(rating_id: UUID) -> str:
    """The name under which a rating's words are sealed, so that they cannot be moved to another."""
    return f"rating:{rating_id}"


async def _booking_seen(
    tx: AsyncSession, booking_id: UUID, *, actor: Actor, now: datetime, lock: bool = False
) -> Booking:
    """The booking, seen by who made it and by who may see its elder; locked if wished."""
    elders = select(col(Elder.id)).where(visible_to(actor, now))
    query = select(Booking).where(
        col(Booking.id) == booking_id,
        or_(col(Booking.booked_by) == actor.account_id, col(Booking.elder_id).in_(elders)),
    )
    booking = await tx.scalar(query.with_for_update() if lock else query)
    if booking is None:
        raise Unknown(what="booking")
    return booking


async def _was_for(tx: AsyncSession, booking: Booking, account_id: UUID, now: datetime) -> bool:
    """Is it the booker, the elder, or family with a standing grant? A caregiver rates nobody, nor do staff."""
    if booking.booked_by == account_id:
        return True
    herself = exists().where(col(Elder.id) == booking.elder_id, col(Elder.account_id) == account_id)
    family = exists().where(
        col(FamilyGrant.elder_id) == booking.elder_id,
        col(FamilyGrant.account_id) == account_id,
        col(FamilyGrant.revoked_at).is_(None),
        or_(col(FamilyGrant.until).is_(None), col(FamilyGrant.until) > now),
    )
    return bool(await tx.scalar(select(or_(herself, family))))  # visible: the booking was, and no row comes out


async def rating_of(tx: AsyncSession, booking_id: UUID) -> Rating | None:
    """The booking's rating, if it has one."""
    return await tx.scalar(select(Rating).where(col(Rating.booking_id) == booking_id))


async def rating_for(tx: AsyncSession, booking_id: UUID, *, actor: Actor, now: datetime) -> Rating:
    """The rating for a reader who may know of the booking; else `Unknown`."""
    booking = await _booking_seen(tx, booking_id, actor=actor, now=now)
    rating = await rating_of(tx, booking.id)
    if rating is None:
        raise Unknown(what="rating")
    return rating


async def shown(tx: AsyncSession, vault: Vault, rating: Rating) -> BookingRatingOut:
    """A rating as an answer, its words opened."""
    sealed = rating.comment_sealed
    return BookingRatingOut(
        **rating.model_dump(include=set(BookingRatingOut.model_fields) - {"comment"}),
        comment=await vault.open(tx, rating.elder_id, _field(rating.id), sealed) if sealed else None,
    )
