"""What a booking asks of its card or wallet: collect this much; keep that much of it; collect what is owed.

All only write down what is wanted; jobs take the steps (`collecting`). Whoever asks also sends `booking.requested`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Malformed
from marketplace.bookings.models import Booking
from marketplace.payments.collecting import owing
from marketplace.payments.errors import (
    AlreadyGivenBack,
    AmountOutOfRange,
    BeingCollected,
    NoPayment,
    NothingOwed,
    PaymentExists,
)
from marketplace.payments.models import Payment
from marketplace.payments.reconciliation import keep_watch

LARGEST_FEN = 100_000_000
LONGEST_METHOD = 200


async def ask(
    tx: AsyncSession,
    *,
    booking_id: UUID,
    amount_fen: int,
    payment_method: str,
    actor: Actor,
    now: datetime,
    service_starts_at: datetime | None = None,
    payer_id: UUID | None = None,
) -> Payment:
    """A payment to be collected, one per booking; asking again with the same amount and method gives the same one.

    `payment_method` is a card's token at the gateway, or `alipay` or `wechat_pay`. A card is authorised at once when
    the service starts within the pack's days (or `service_starts_at` is None), else saved and authorised nearer to it.
    `payer_id` defaults to the actor. `AmountOutOfRange`, `Malformed`, `PaymentExists`.
    """
    if not 0 < amount_fen <= LARGEST_FEN:
        raise AmountOutOfRange(amount_fen=amount_fen, most_fen=LARGEST_FEN)
    _require_method(payment_method)
    found = await payment_of(tx, booking_id, lock=True)
    if found is not None:
        if (found.amount_fen, found.method) != (amount_fen, payment_method):
            raise PaymentExists(payment_id=str(found.id))
        return found
    payment = Payment(
        booking_id=booking_id,
        payer_id=payer_id or actor.account_id,
        asked_by=actor.account_id,
        amount_fen=amount_fen,
        method=payment_method,
        service_starts_at=service_starts_at,
        created_at=now,
    )
    tx.add(payment)
    await tx.flush()
    await keep_watch(tx, now=now)
    return payment


def _require_method(payment_method: str) -> None:
    if not 0 < len(payment_method) <= LONGEST_METHOD or not payment_method.isprintable():
        raise Malformed(reason="payment_method", pointer="/payment_method")


async def decide(tx: AsyncSession, booking_id: UUID, keep_fen: int, *, actor: Actor, now: datetime) -> Payment:
    """Say how much of a booking's payment shall finally be kept: 0 gives all back, the amount takes all.

    Sends payment.decided; its consumer voids, captures or refunds what it takes to get there. A later decision may
    only lower it. `NoPayment`, `AmountOutOfRange`, `AlreadyGivenBack`.
    """
    payment = await payment_of(tx, booking_id, lock=True)
    if payment is None:
        raise NoPayment(booking_id=str(booking_id))
    if not 0 <= keep_fen <= payment.amount_fen:
        raise AmountOutOfRange(amount_fen=keep_fen, most_fen=payment.amount_fen)
    if payment.keep_fen is not None and keep_fen > payment.keep_fen:
        raise AlreadyGivenBack(keep_fen=payment.keep_fen, wanted_fen=keep_fen)
    if payment.keep_fen != keep_fen:
        payment.keep_fen, payment.decided_at = keep_fen, now
        audit.note(tx, "payment.decided", actor=actor, entity="payment", entity_id=payment.id, keep_fen=keep_fen)
    await outbox.send(tx, "payment.decided", payment_id=payment.id)
    return payment


async def collect(tx: AsyncSession, booking_id: UUID, *, payment_method: str, actor: Actor) -> Payment:
    """Have what a booking owes collected from another card or wallet of the actor's, who thereby becomes its payer.

    Jobs take the steps; whether it was paid is seen on the payment. `NoPayment`, `Malformed`, `NothingOwed`,
    `BeingCollected`.
    """
    _require_method(payment_method)
    payment = await payment_of(tx, booking_id, lock=True)
    if payment is None:
        raise NoPayment(booking_id=str(booking_id))
    if payment.captured_fen or not payment.keep_fen:
        raise NothingOwed
    # a card that waits for its payer's word can still be given up; one that is asked right now cannot
    if payment.owed_fen == 0 or payment.next_method not in {None, payment_method}:
        raise BeingCollected
    payment.payer_id = actor.account_id
    await owing.collect_from(tx, payment, payment_method)
    audit.note(tx, "payment.collected_anew", actor=actor, entity="payment", entity_id=payment.id)
    return payment


async def payment_of(tx: AsyncSession, booking_id: UUID, *, lock: bool = False) -> Payment | None:
    """The payment of a booking, locked on demand."""
    query = select(Payment).where(col(Payment.booking_id) == booking_id)
    # a row this session has read before is read anew: only what stands under the lock counts
    return await tx.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)


async def payment_for(tx: AsyncSession, booking_id: UUID, *, actor: Actor) -> Payment:
    """The payment of a booking as its payer, its booker or an operator may see it; else `NoPayment`."""
    payment = await payment_of(tx, booking_id)
    # the booking's own payer still sees what another has paid for him
    his = await tx.scalar(select(col(Booking.payer_id)).where(col(Booking.id) == booking_id))
    mine = payment is not None and actor.account_id in {payment.payer_id, payment.asked_by, his}
    if payment is None or not (mine or actor.is_any(Role.OPERATOR)):
        raise NoPayment(booking_id=str(booking_id))
    return payment
