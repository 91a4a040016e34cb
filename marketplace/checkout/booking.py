"""POST /v1/bookings: in one transaction the capacity and the tenders are held and the booking is written.

A card is asked afterwards by a job; until it answers, the hold has a time limit. What is free or paid in hours is
confirmed at once.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, timers
from marketplace.base.actor import STAFF, Actor
from marketplace.base.errors import Forbidden, Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings import capacity
from marketplace.bookings.cancel_terms import terms_of
from marketplace.bookings.capacity.demand import permille
from marketplace.bookings.errors import CutoffPassed, InThePast
from marketplace.bookings.models import BOOKING_STEPS, Booking
from marketplace.bookings.windows import SITTINGS, meal_cutoff
from marketplace.checkout import tenders
from marketplace.checkout.accepting import agree
from marketplace.checkout.confirming import HOLD_DUE
from marketplace.checkout.errors import ChannelNotAllowed, PayerNotAllowed, QuoteExpired, QuoteUsed
from marketplace.checkout.models import Quote
from marketplace.checkout.quotes import require_served
from marketplace.checkout.schemas import BookingIn
from marketplace.people.elders import elder_for
from marketplace.people.models import Account, Elder
from marketplace.providers.offers import BookableOffer, offer_to_promise

_AGREED = (
    "elder_id offer_id price_id price_version provider_id service tier unit amount window_start window_end day"
    " district_id service_seconds crew_size skills priority kitchen_id sitting boxes policy"
)


async def book(tx: AsyncSession, data: BookingIn, *, policy: Policy, actor: Actor, now: datetime) -> Booking:
    """Turn a quote into a booking, or change nothing and say why by name.

    The quote stands for its price; capacity, standing and times are asked again. One quote makes one booking.
    """
    if actor.account_id is None:
        raise Forbidden
    quote = await _usable_quote(tx, data.quote_id, actor=actor, now=now)
    elder = await elder_for(tx, quote.elder_id, actor=actor, now=now, scope="book")
    payer_id = await _payer(tx, data.payer_id, elder, actor=actor, now=now)
    offer = await offer_to_promise(tx, quote.offer_id, quote.unit, now=now, on=quote.day)
    await require_served(tx, offer, elder, day=quote.day, now=now)
    cutoff = _require_time_left(quote, policy, now)
    booking = Booking(
        **{name: getattr(quote, name) for name in _AGREED.split()},
        quote_id=quote.id,
        booked_by=actor.account_id,
        payer_id=payer_id,
        channel=_channel(data, actor),
        cancel_policy=terms_of(
            policy.cancel, window_start=quote.window_start, crew_size=quote.crew_size, cutoff=cutoff
        ).document(),
        must_accept=offer.must_accept,
        hold_until=min(now + timedelta(minutes=policy.booking.hold_minutes), quote.window_start),
        booked_at=now,
    )
    tx.add(booking)
    await tx.flush()
    await capacity.hold(
        tx,
        booking,
        share_permille=permille(policy.booking.capacity_share),
        kitchen_capacity=boxes_cooked(offer, quote.sitting),
    )
    await _pay(tx, booking, data, policy=policy, actor=actor, now=now)
    return booking


async def _pay(
    tx: AsyncSession, booking: Booking, data: BookingIn, *, policy: Policy, actor: Actor, now: datetime
) -> None:
    tender = await tenders.hold(
        tx,
        booking,
        payment_method=data.payment_method,
        from_elder=data.hours_of == "elder",
        rules=policy.timebank,
        actor=actor,
        now=now,
    )
    if tender is None or tender.kind == "hours":
        await agree(tx, booking, policy=policy, actor=actor, now=now)
        return
    await move(tx, booking, "awaiting_payment", BOOKING_STEPS, actor=actor, now=now, on_behalf_of=booking.payer_id)
    await timers.set_timer(tx, HOLD_DUE, booking.id, booking.hold_until)
    await outbox.send(tx, "booking.requested", booking_id=booking.id)


async def _usable_quote(tx: AsyncSession, quote_id: UUID, *, actor: Actor, now: datetime) -> Quote:
    quote = await tx.scalar(select(Quote).where(col(Quote.id) == quote_id).with_for_update())
    if quote is None or quote.asked_by != actor.account_id:
        raise Unknown(pointer="/quote_id", what="quote")
    if await tx.scalar(select(col(Booking.id)).where(col(Booking.quote_id) == quote.id)):
        raise QuoteUsed(pointer="/quote_id")
    if quote.expires_at <= now:
        raise QuoteExpired(pointer="/quote_id", expired_at=quote.expires_at.isoformat())
    return quote


async def _payer(tx: AsyncSession, payer_id: UUID | None, elder: Elder, *, actor: Actor, now: datetime) -> UUID:
    """One's own account, or another that may pay for the elder, if one may decide on her payments oneself."""
    if payer_id is None or payer_id == actor.account_id:
        if actor.account_id is None:
            raise Forbidden
        return actor.account_id
    payer = await tx.get(Account, payer_id)
    try:
        await elder_for(tx, elder.id, actor=actor, now=now, scope="pay")
        if payer is None or payer.state != "active":
            raise PayerNotAllowed(pointer="/payer_id")
        # no roles: staff may not have their own accounts charged for an elder of their district
        await elder_for(tx, elder.id, actor=Actor(payer_id, frozenset()), now=now, scope="pay")
    except Unknown as error:
        raise PayerNotAllowed(pointer="/payer_id") from error
    return payer_id


def _channel(data: BookingIn, actor: Actor) -> str:
    by_staff = actor.is_any(*STAFF)
    if data.channel is None:
        return "staff" if by_staff else "app"
    if data.channel != "app" and not by_staff:
        raise ChannelNotAllowed(pointer="/channel")
    return data.channel


def _require_time_left(quote: Quote, policy: Policy, now: datetime) -> datetime | None:
    """The meal's cut-off, None for a home visit; refused when either has passed since the quote."""
    if quote.sitting is None:
        if quote.window_start <= now:
            raise InThePast(pointer="/quote_id")
        return None
    sitting = next(one for one in SITTINGS if one == quote.sitting)
    cutoff = meal_cutoff(quote.day, sitting, policy.meal)
    if now >= cutoff:
        raise CutoffPassed(pointer="/quote_id", cutoff=cutoff.isoformat())
    return cutoff


def boxes_cooked(offer: BookableOffer, sitting: str | None) -> int:
    """How many boxes the offer's kitchen cooks for a sitting; 0 for what no kitchen cooks."""
    if offer.kitchen is None or sitting is None:
        return 0
    return offer.kitchen.lunch_capacity if sitting == "lunch" else offer.kitchen.dinner_capacity
