"""Settling: the service was given, so everybody gets what is his; or nobody came, and all is given back.

Hours and the provider's earnings are written in one ledger call; the card is captured afterwards by a job, as much
as was decided to keep. A card that fails then leaves its tender owed, and the provider is paid all the same.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit, timers
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.bookings.models import BOOKING_STEPS, Booking
from marketplace.bookings.reading import booking_for
from marketplace.checkout import tenders
from marketplace.checkout.ending import earned, end
from marketplace.checkout.errors import NothingToRefund, RefundTooLarge
from marketplace.checkout.following import mark_owed
from marketplace.checkout.models import Refund, Tender
from marketplace.payments import books
from marketplace.payments import service as payments
from marketplace.visits.service import mark_settled, visits_of

CLOSE_DUE = "booking.close_due"
SERVED = frozenset({"approved", "settled"})
OVER = SERVED | {"missed", "cancelled"}


async def settle(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    """Complete or fail the locked booking, once all its visits are over; before that, and afterwards, do nothing."""
    if booking.state not in {"confirmed", "in_service"}:
        return
    states = {visit.state for visit in await visits_of(tx, "booking", booking.id)}
    if not states or not states <= OVER:
        return
    if states & SERVED:
        await _complete(tx, booking, policy=policy, actor=actor, now=now)
    else:
        await end(tx, booking, "failed", policy=policy, actor=actor, now=now, reason="missed")


async def _complete(tx: AsyncSession, booking: Booking, *, policy: Policy, actor: Actor, now: datetime) -> None:
    booking.completed_at = now
    await move(tx, booking, "completed", BOOKING_STEPS, actor=actor, now=now)
    await mark_settled(tx, "booking", booking.id, actor=actor, now=now)
    commands = await tenders.resolve(tx, booking, keep=booking.amount, actor=actor, now=now)
    gross_fen = booking.amount if booking.unit == "fen" else 0
    commands += await earned(tx, booking, gross_fen=gross_fen, policy=policy, now=now)
    await timebank.apply(tx, commands, now=now)
    payment = await payments.payment_of(tx, booking.id)
    if payment is not None:
        await mark_owed(tx, booking, payment, actor=actor, now=now)
    await timers.set_timer(tx, CLOSE_DUE, booking.id, now + timedelta(hours=policy.booking.close_after_hours))


async def refund(
    tx: AsyncSession, booking_id: UUID, amount_fen: int, *, reason: str, policy: Policy, actor: Actor, now: datetime
) -> tuple[Refund, Tender]:
    """Give back part of what is kept; provider and platform lose their shares of it.

    `Unknown`, `NothingToRefund`, `RefundTooLarge`.
    """
    if actor.account_id is None:
        raise Forbidden
    booking = await booking_for(tx, booking_id, actor=actor, now=now, lock=True)
    cards = [
        one
        for one in await tenders.tenders_of(tx, booking, lock=True)
        if one.state == "captured" and one.kind == "card" and one.kept
    ]
    if not cards:
        raise NothingToRefund
    tender = cards[0]
    kept = tender.kept or 0
    if amount_fen > kept:
        raise RefundTooLarge(pointer="/amount_fen", kept_fen=kept)
    row = Refund(
        id=new_id(),
        booking_id=booking.id,
        amount_fen=amount_fen,
        reason=reason,
        refunded_by=actor.account_id,
        refunded_at=now,
    )
    tx.add(row)
    tender.kept = kept - amount_fen
    booking.refunded_fen += amount_fen
    await tx.flush()
    audit.note(tx, "booking.refunded", actor=actor, entity="booking", entity_id=booking.id, amount_fen=amount_fen)
    await payments.decide(tx, booking.id, tender.kept, actor=actor, now=now)
    commands = books.refund_commands(
        provider_id=booking.provider_id,
        booking_id=booking.id,
        refund_fen=amount_fen,
        fee_permille=policy.card.platform_fee_permille,
        cause=str(row.id),
        occurred_at=now,
    )
    await timebank.apply(tx, commands, now=now)
    return row, tender
