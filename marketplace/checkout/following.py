"""Following what happens elsewhere: a payment changes, a hold runs out, somebody arrives.

Each looks at the present state of booking and payment and not at what the message says, so that repetition and order
do not matter. Callers hold the booking's lock.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings.models import BOOKING_STEPS, GIVEN_UP, UNPAID, Booking
from marketplace.checkout.accepting import agree
from marketplace.checkout.confirming import card_held
from marketplace.checkout.ending import end
from marketplace.checkout.models import TENDER_STEPS
from marketplace.checkout.tenders import tenders_of
from marketplace.payments import service as payments
from marketplace.payments.models import LOST, Payment
from marketplace.visits.models import STARTED
from marketplace.visits.service import visits_of


async def follow_payment(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """Bring the booking in line with its payment: confirm it, fail it, or give money back that came too late."""
    payment = await payments.payment_of(tx, booking.id, lock=True)
    if payment is None:
        return
    if booking.state in GIVEN_UP:
        await _give_back(tx, booking, payment, actor=actor, now=now)
        await mark_owed(tx, booking, payment, actor=actor, now=now)  # a fee, too, may fail to come
    elif booking.state in {"completed", "closed"}:
        await mark_owed(tx, booking, payment, actor=actor, now=now)
    elif payment.state in LOST:
        if not await has_begun(tx, booking):
            reason = f"payment {payment.state}"
            await end(tx, booking, "failed", policy=policy, actor=actor, now=now, reason=reason)
    elif payment.is_covered:
        if booking.state in UNPAID:
            await agree(tx, booking, policy=policy, actor=actor, now=now)
        await card_held(tx, booking, actor=actor, now=now)


async def _give_back(tx: AsyncSession, booking: Booking, payment: Payment, *, actor: Actor, now: datetime) -> None:
    """Money that came after the booking had ended is not ours, but for the fee."""
    keep_fen = booking.fee_fen - booking.refunded_fen
    undecided = payment.keep_fen is None
    if undecided or payment.state == "authorized" or payment.kept_fen > keep_fen:
        await payments.decide(tx, booking.id, keep_fen, actor=actor, now=now)


async def mark_owed(tx: AsyncSession, booking: Booking, payment: Payment, *, actor: Actor, now: datetime) -> None:
    """The service was given and the money did not come, or came after all."""
    for tender in await tenders_of(tx, booking, lock=True):
        if tender.kind != "card":
            continue
        if payment.state in LOST and tender.state == "captured":
            await move(tx, tender, "owed", TENDER_STEPS, actor=actor, now=now, reason=payment.state)
        elif payment.state == "captured" and tender.state == "owed":
            await move(tx, tender, "captured", TENDER_STEPS, actor=actor, now=now)


async def has_begun(tx: AsyncSession, booking: Booking) -> bool:
    """Has somebody arrived at one of the booking's visits?"""
    return any(visit.state in STARTED for visit in await visits_of(tx, "booking", booking.id))


async def expire(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """The hold's time is over: what is not covered by now expires. Money that has come meanwhile still counts."""
    if booking.state not in UNPAID or now < booking.hold_until:
        return
    payment = await payments.payment_of(tx, booking.id, lock=True)
    if payment is not None and payment.is_covered:
        await agree(tx, booking, policy=policy, actor=actor, now=now)
    else:
        await end(tx, booking, "expired", policy=policy, actor=actor, now=now, reason="hold expired")


async def begin_service(tx: AsyncSession, booking: Booking, *, actor: Actor, now: datetime) -> None:
    """Somebody has arrived at a confirmed booking's visit."""
    if booking.state == "confirmed" and await has_begun(tx, booking):
        await move(tx, booking, "in_service", BOOKING_STEPS, actor=actor, now=now)


async def close(tx: AsyncSession, booking: Booking, *, actor: Actor, now: datetime) -> None:
    """Nobody complained in time: a completed booking is closed."""
    if booking.state == "completed":
        await move(tx, booking, "closed", BOOKING_STEPS, actor=actor, now=now)
