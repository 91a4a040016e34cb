"""The first beat of a step: under the payment's lock, write down which call will be made, with which key and amount.

An open step is resumed as it was claimed, whatever is wanted by now; only then the next one is looked for.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox, states, timers
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.payments.collecting import owing
from marketplace.payments.collecting.steps import SAVED_UNTIL, STEPS, Kind, Step, next_step
from marketplace.payments.models import Payment, PaymentStep


@dataclass(frozen=True, slots=True)
class Claim:
    """All that the second beat needs, so that it holds no row and no transaction."""

    step_id: UUID
    payment_id: UUID
    kind: Kind
    key: str
    amount_fen: int
    method: str
    automatic: bool
    intent_id: str | None
    past_intents: tuple[str, ...]
    claimed_at: datetime


async def claim(platform: Platform, payment_id: UUID) -> Claim | None:
    """The payment's open step, or its next one, claimed; None when there is nothing to do. Unknown payments: None."""
    async with transaction(platform.db) as tx:
        payment = await tx.get(Payment, payment_id, with_for_update=True)
        if payment is None:
            return None
        step = await tx.scalar(
            select(PaymentStep).where(col(PaymentStep.payment_id) == payment_id, col(PaymentStep.state) == "claimed")
        )
        if step is None:
            step = await _next(tx, payment, platform)
        return None if step is None else _claim(payment, step)


async def _next(tx: AsyncSession, payment: Payment, platform: Platform) -> PaymentStep | None:
    now = platform.now()
    rules = platform.policy.card
    wanted = next_step(payment, now=now, authorise_within_days=rules.authorise_within_days)
    if wanted is not None and wanted.kind is Kind.RETRY:
        await owing.begin_again(tx, payment, now=now)
        wanted = next_step(payment, now=now, authorise_within_days=rules.authorise_within_days)
    if wanted is None:
        await owing.await_retry(tx, payment, after_hours=rules.retry_after_hours, now=now)
        return None
    if wanted.kind in {Kind.SAVE, Kind.CANCEL}:
        await _without_call(tx, payment, wanted, now=now)
        return None
    if wanted.kind is Kind.AUTHORISE and payment.state != "processing":
        await states.move(tx, payment, "processing", STEPS, actor=Actor.system(), now=now)
    payment.captured_early = payment.captured_early or wanted.early
    step = PaymentStep(
        payment_id=payment.id,
        kind=wanted.kind,
        amount_fen=wanted.amount_fen,
        key=await _key(tx, payment, wanted),
    )
    tx.add(step)
    await tx.flush()
    await tx.refresh(step)
    return step


async def _without_call(tx: AsyncSession, payment: Payment, wanted: Step, *, now: datetime) -> None:
    if wanted.kind is Kind.SAVE:
        assert payment.service_starts_at is not None  # noqa: S101 - only a far service is saved
        await timers.set_timer(tx, "payment.authorise_due", payment.id, payment.service_starts_at - SAVED_UNTIL)
        await states.move(tx, payment, "saved", STEPS, actor=Actor.system(), now=now)
    else:
        await timers.drop_timer(tx, "payment.authorise_due", payment.id)
        await states.move(tx, payment, "canceled", STEPS, actor=Actor.system(), now=now)
    await outbox.send(tx, "payment.changed", payment_id=payment.id, booking_id=payment.booking_id)


async def _key(tx: AsyncSession, payment: Payment, wanted: Step) -> str:
    """Payment, step, amount; and a number where the same step was closed before (refused, or the same refund again)."""
    same = await tx.scalar(
        select(func.count()).where(
            col(PaymentStep.payment_id) == payment.id,
            col(PaymentStep.kind) == wanted.kind,
            col(PaymentStep.amount_fen) == wanted.amount_fen,
        )
    )
    key = f"payment:{payment.id}:{wanted.kind}:{wanted.amount_fen}"
    return f"{key}:{same + 1}" if same else key


def _claim(payment: Payment, step: PaymentStep) -> Claim:
    assert step.claimed_at is not None  # noqa: S101 - the database fills it
    return Claim(
        step_id=step.id,
        payment_id=payment.id,
        kind=Kind(step.kind),
        key=step.key,
        amount_fen=step.amount_fen,
        method=payment.method,
        automatic=payment.is_wallet,
        intent_id=payment.intent_id,
        past_intents=tuple(payment.past_intents),
        claimed_at=step.claimed_at,
    )
