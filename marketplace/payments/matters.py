"""Open matters: money that goes nowhere by itself. A person looks at them, and has them tried again.

A refund that failed: the payer waits for her money, which lies with us. A collection that failed: the provider is paid
and the payer is not charged. A provider that owes: a refund after its payout, and nothing earned since to net it from.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, literal, null, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.bookings.models import Booking
from marketplace.bookings.reading import booking_for, visible_bookings
from marketplace.payments import books
from marketplace.payments.collecting import owing, refunds
from marketplace.payments.errors import BeingCollected, NoPayment, NothingToRetry
from marketplace.payments.models import UNPAID, Payment, PaymentRefund

Kind = Literal["refund_failed", "collection_failed"]
_DEBTS = text(
    "SELECT owner, -posted AS owed_fen FROM ledger_account"
    " WHERE book = :book AND unit = :unit AND kind = :kind AND posted < 0 ORDER BY posted, owner LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Matter:
    """What waits for a person: since when, how much, and the gateway's or bank's reason where one was given."""

    kind: Kind
    payment_id: UUID
    booking_id: UUID
    amount_fen: int
    code: str | None
    since: datetime | None
    retries: int
    retry_at: datetime | None


async def open_matters(tx: AsyncSession, *, actor: Actor, now: datetime, limit: int = 200) -> list[Matter]:
    """The open matters of bookings that the actor may see, by booking, oldest first."""
    found = union_all(_failed_refunds(actor, now), _failed_collections(actor, now)).subquery()
    rows = await tx.execute(select(found).order_by(found.c.payment_id, found.c.kind).limit(limit))
    return [Matter(*row) for row in rows]


def _failed_refunds(actor: Actor, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal("refund_failed").label("kind"),
            col(Payment.id).label("payment_id"),
            col(Payment.booking_id),
            func.sum(col(PaymentRefund.amount_fen)).label("amount_fen"),
            func.max(col(PaymentRefund.code)).label("code"),
            func.min(col(PaymentRefund.failed_at)).label("since"),
            literal(0).label("retries"),
            null().label("retry_at"),
        )
        .join(PaymentRefund, col(PaymentRefund.payment_id) == col(Payment.id))
        .join(Booking, col(Booking.id) == col(Payment.booking_id))
        .where(col(PaymentRefund.state) == "failed", col(PaymentRefund.retried_at).is_(None))
        .where(visible_bookings(actor, now))
        .group_by(col(Payment.id))
    )


def _failed_collections(actor: Actor, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal("collection_failed"),
            col(Payment.id),
            col(Payment.booking_id),
            col(Payment.keep_fen),
            func.coalesce(col(Payment.decline_code), col(Payment.state)),
            col(Payment.decided_at),
            col(Payment.retries),
            col(Payment.retry_at),
        )
        .join(Booking, col(Booking.id) == col(Payment.booking_id))
        .where(
            col(Payment.state).in_(UNPAID),
            col(Payment.keep_fen) > 0,
            col(Payment.captured_fen) == 0,
        )
        .where(visible_bookings(actor, now))
    )


async def debts(tx: AsyncSession, *, limit: int = 200) -> list[tuple[UUID, int]]:
    """Providers whose payable is below zero, and by how many fen, the largest first."""
    rows = await tx.execute(_DEBTS, {"book": books.BOOK, "unit": books.UNIT, "kind": books.PAYABLE, "most": limit})
    return [(UUID(owner), owed_fen) for owner, owed_fen in rows]


async def try_again(tx: AsyncSession, payment_id: UUID, *, actor: Actor, now: datetime) -> Payment:
    """Have failed refunds given back anew, or what is owed collected anew from the same card.

    `NoPayment` or `Unknown` where the actor may not see it; `NothingToRetry`, `BeingCollected`.
    """
    seen = await tx.get(Payment, payment_id)
    if seen is None:
        raise NoPayment(payment_id=str(payment_id))
    await booking_for(tx, seen.booking_id, actor=actor, now=now)
    payment = await tx.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    if payment.owed_fen == 0 and payment.refund_stopped_fen == 0:
        raise NothingToRetry
    if payment.next_method is not None:
        raise BeingCollected  # maybe from another card: that one is not pushed aside
    await refunds.try_again(tx, payment, now=now)
    await owing.collect_from(tx, payment, payment.method)
    audit.note(tx, "payment.tried_again", actor=actor, entity="payment", entity_id=payment.id)
    return payment
