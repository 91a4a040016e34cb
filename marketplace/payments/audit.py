"""Proof of the money: what payments and payouts say against what the ledger says, and against the gateway's own sums.

An empty list is the proof. Each line names what differs, in fen.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.payments import books
from marketplace.payments.models import Payment, PaymentStep
from marketplace.payments.payouts.models import Payout

_POSTED = text(
    "SELECT COALESCE(sum(posted), 0)::bigint FROM ledger_account WHERE book = :book AND unit = :unit AND kind = :kind"
)
# what a booking's standing entries say was earned with it
_EARNED = """
    SELECT e.reference, sum(CASE e.kind WHEN 'card_settled' THEN e.amount ELSE -e.amount END)::bigint AS fen
    FROM ledger_entry e WHERE e.kind IN ('card_settled', 'card_given_back')
    AND NOT EXISTS (SELECT 1 FROM ledger_entry r WHERE r.reverses = e.id) GROUP BY e.reference
"""
_UNEARNED = text(
    f"""
    SELECT p.booking_id, p.captured_fen - p.refunded_fen - p.refund_stopped_fen AS kept_fen,
    COALESCE(earned.fen, 0) AS earned_fen
    FROM payment p LEFT JOIN ({_EARNED}) earned ON earned.reference = p.booking_id::text
    WHERE p.state IN ('captured', 'canceled') AND p.keep_fen IS NOT NULL
    AND p.captured_fen - p.refunded_fen - p.refund_stopped_fen <> COALESCE(earned.fen, 0) ORDER BY p.booking_id
    """  # noqa: S608 - both parts stand in this file
)
_ORPHANS = text(
    f"""
    SELECT earned.reference, earned.fen FROM ({_EARNED}) earned
    LEFT JOIN payment p ON p.booking_id::text = earned.reference WHERE p.id IS NULL AND earned.fen <> 0
    """  # noqa: S608 - both parts stand in this file
)


async def prove(tx: AsyncSession) -> list[str]:
    """What is wrong with the money. To be asked when nothing is under way: decisions carried out, payouts recorded."""
    wrong = [
        *_compare("gateway cash", -await _posted(tx, books.CASH), await _expected_cash(tx)),
        *_compare("payouts on their way", await _posted(tx, books.TRANSIT), await _sum_payouts(tx, "sent")),
    ]
    for booking_id, kept_fen, earned_fen in await tx.execute(_UNEARNED):
        wrong.append(f"booking {booking_id}: kept {kept_fen} fen, earned {earned_fen}")
    for reference, earned_fen in await tx.execute(_ORPHANS):
        wrong.append(f"booking {reference}: earned {earned_fen} fen without a payment")
    twice = (
        select(col(Payment.id))
        .join(PaymentStep, col(PaymentStep.payment_id) == col(Payment.id))
        .where(col(PaymentStep.kind) == "authorise", col(PaymentStep.state) == "done")
        .group_by(col(Payment.id))
        .having(func.count() > 1 + func.cardinality(col(Payment.past_intents)))
    )
    wrong += [f"payment {payment_id}: authorised more than once at a time" for payment_id in await tx.scalars(twice)]
    return wrong


async def prove_against(tx: AsyncSession, summary: Mapping[str, Any]) -> list[str]:
    """What differs from the gateway's own sums (`authorised_fen`, `captured_fen`, `refunded_fen`, `transferred_fen`,
    `reversed_fen`, `balance_fen`, counts of transfers), where this platform is the gateway's only customer.
    """
    sums = select(
        func.coalesce(func.sum(col(Payment.captured_fen)), 0), func.coalesce(func.sum(col(Payment.refunded_fen)), 0)
    )
    captured_fen, refunded_fen = (await tx.execute(sums)).one()
    held = select(func.coalesce(func.sum(col(Payment.amount_fen)), 0)).where(col(Payment.state) == "authorized")
    paid = select(func.count()).where(col(Payout.state) == "paid")
    return [
        *_compare("authorised", await tx.scalar(held) or 0, summary["authorised_fen"]),
        *_compare("captured", captured_fen, summary["captured_fen"]),
        *_compare("refunded", refunded_fen, summary["refunded_fen"]),
        *_compare("transferred", await _sum_payouts(tx, "paid"), summary["transferred_fen"] - summary["reversed_fen"]),
        *_compare("balance", -await _posted(tx, books.CASH), summary["balance_fen"]),
        *_compare("transfers", await tx.scalar(paid) or 0, summary["counts"]["transfer"]),
    ]


def _compare(what: str, ours: int, theirs: int) -> list[str]:
    return [] if ours == theirs else [f"{what}: {ours} against {theirs}"]


async def _posted(tx: AsyncSession, kind: str) -> int:
    return int(await tx.scalar(_POSTED, {"book": books.BOOK, "unit": books.UNIT, "kind": kind}) or 0)


async def _expected_cash(tx: AsyncSession) -> int:
    kept = select(func.coalesce(func.sum(col(Payment.captured_fen) - col(Payment.refunded_fen)), 0))
    funded_fen = await _posted(tx, books.FUNDS)  # paid in for redeemed hours, by no card
    return int(await tx.scalar(kept) or 0) + funded_fen - await _sum_payouts(tx, "paid")


async def _sum_payouts(tx: AsyncSession, state: str) -> int:
    paid = select(func.coalesce(func.sum(col(Payout.amount_fen)), 0)).where(col(Payout.state) == state)
    return int(await tx.scalar(paid) or 0)
