"""What the gateway shows of a payment's refunds, brought into the payment's sums and the books.

A refund may fail days after it had succeeded: the card was closed, and the bank sends the money back. Then it lies with
us again and the payer has not got it; no call of ours tells so, only an event or the next look.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.payments import books
from marketplace.payments.gateway import Refund, RefundState
from marketplace.payments.models import Payment, PaymentRefund
from timebank import Command

RANK = {RefundState.PENDING: 1, RefundState.SUCCEEDED: 2, RefundState.FAILED: 3}


async def learn(tx: AsyncSession, payment: Payment, seen: Iterable[Refund], *, now: datetime) -> list[Command]:
    """Bring the locked payment's sums up to the refunds seen; returns the books' commands, none when nothing is new.

    A refund's state only moves up its rank, so an older view changes nothing. `seen` is the gateway's whole list,
    whoever made them, or empty where it was not asked.
    """
    known = select(PaymentRefund).where(col(PaymentRefund.payment_id) == payment.id)
    rows = {row.gateway_id: row for row in await tx.scalars(known)}
    news = [_learn_one(tx, rows, payment, refund, now) for refund in seen]
    if not any(news):
        return []
    before_fen = payment.refunded_fen
    payment.refunded_fen = _sum(rows, RefundState.SUCCEEDED)
    payment.refund_asked_fen = payment.refunded_fen + _sum(rows, RefundState.PENDING)
    payment.refund_stopped_fen = sum(row.amount_fen for row in rows.values() if _is_open(row))
    return books.refunded_commands(
        payment.id,
        before_fen=before_fen,
        after_fen=payment.refunded_fen,
        turn=sum(RANK[RefundState(row.state)] for row in rows.values()),
        occurred_at=now,
    )


async def try_again(tx: AsyncSession, payment: Payment, *, now: datetime) -> None:
    """Take the locked payment's failed refunds off the list of open matters: what is surplus is given back anew."""
    await tx.execute(
        update(PaymentRefund)
        .where(
            col(PaymentRefund.payment_id) == payment.id,
            col(PaymentRefund.state) == RefundState.FAILED,
            col(PaymentRefund.retried_at).is_(None),
        )
        .values(retried_at=now)
    )
    payment.refund_stopped_fen = 0


def _learn_one(
    tx: AsyncSession, rows: dict[str, PaymentRefund], payment: Payment, refund: Refund, now: datetime
) -> bool:
    row = rows.get(refund.id)
    if row is None:
        row = PaymentRefund(
            payment_id=payment.id, gateway_id=refund.id, amount_fen=refund.amount_fen, state=refund.state
        )
        rows[refund.id] = row
        tx.add(row)
    elif RANK[refund.state] <= RANK[RefundState(row.state)]:
        return False
    row.state, row.code = refund.state, refund.code
    row.failed_at = now if refund.state is RefundState.FAILED else None
    return True


def _sum(rows: dict[str, PaymentRefund], state: RefundState) -> int:
    return sum(row.amount_fen for row in rows.values() if row.state == state)


def _is_open(row: PaymentRefund) -> bool:
    return row.state == RefundState.FAILED and row.retried_at is None
