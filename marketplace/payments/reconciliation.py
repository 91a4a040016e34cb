"""Reconciliation: every ten minutes, what no webhook told and what got stuck is asked of the gateway.

A timer arms itself again and again once there is a payment, so no process has to remember.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.timers import Timer
from marketplace.payments import inbox
from marketplace.payments.collecting.beats import StepRefused, advance
from marketplace.payments.connection import gateway_of, is_configured
from marketplace.payments.gateway import GatewayError
from marketplace.payments.models import UNPAID, Payment, PaymentStep
from marketplace.payments.payouts.models import Payout
from marketplace.payments.payouts.transfers import pay_out

log = structlog.get_logger()

RULE = "payment.reconcile_due"
WATCH = UUID("5f0c6a34-6d5e-5c0b-8a55-4a6a0f9f8d21")  # the one entity of the timer
EVERY = timedelta(minutes=10)
LOOK_BACK = timedelta(days=3)  # the gateway itself gives up delivering after three days
STUCK_AFTER = timedelta(minutes=10)


async def keep_watch(tx: AsyncSession, *, now: datetime) -> None:
    """Arm the timer unless it is armed. The look comes first: an upsert alone would make every booking wait here."""
    armed = select(col(Timer.id)).where(
        col(Timer.rule) == RULE, col(Timer.entity_id) == WATCH, col(Timer.fired_at).is_(None)
    )
    if await tx.scalar(armed) is None:
        await timers.set_timer(tx, RULE, WATCH, now + EVERY)


async def reconcile(platform: Platform, *, wall: datetime | None = None) -> int:
    """Fetch undelivered events and look after stuck payments and payouts; returns how many things it found.

    One that fails does not keep the others waiting: it is logged and found again next time.
    """
    if not is_configured(platform):
        return 0
    wall = wall or wall_now()
    gateway = gateway_of(platform)
    events = await gateway.undelivered_events(wall - LOOK_BACK)
    async with transaction(platform.db) as tx:
        fresh = sum([await inbox.store(tx, event) for event in events])
        stuck = (await tx.scalars(_stuck_payments(wall))).all()
        payouts = (await tx.scalars(_stuck_payouts(wall))).all()
    for payment_id in stuck:
        await _look_after(platform, payment_id)
    for payout_id in payouts:
        try:
            await pay_out(platform, payout_id)
        except GatewayError as error:
            log.warning("payout still stuck", payout_id=str(payout_id), error=error.code)
    return fresh + len(stuck) + len(payouts)


async def _look_after(platform: Platform, payment_id: UUID) -> None:
    try:
        async with transaction(platform.db) as tx:
            payment = await tx.get_one(Payment, payment_id)
        if payment.intent_id is not None:
            intent = await gateway_of(platform).fetch_intent(payment.intent_id)
            async with transaction(platform.db) as tx:
                await inbox.see(tx, intent, platform)
        await advance(platform, payment_id)
    except (GatewayError, StepRefused, inbox.UnknownObject) as error:
        log.warning("payment still stuck", payment_id=str(payment_id), error=error.code)


def _stuck_payments(wall: datetime) -> Select[UUID]:
    """Open steps of some age, calls that were never answered, and decisions that were not carried out."""
    old_step = select(col(PaymentStep.payment_id)).where(
        col(PaymentStep.state) == "claimed", col(PaymentStep.claimed_at) < wall - STUCK_AFTER
    )
    asked_fen = col(Payment.captured_fen) - col(Payment.refund_asked_fen) - col(Payment.refund_stopped_fen)
    undone = or_(
        and_(col(Payment.state) == "authorized", col(Payment.keep_fen).is_not(None)),
        and_(col(Payment.state) == "captured", asked_fen > col(Payment.keep_fen)),
        col(Payment.state).in_(["processing", "action_required"]),
        and_(col(Payment.state).in_(UNPAID), col(Payment.keep_fen) > 0, col(Payment.next_method).is_not(None)),
    )
    quiet = (
        ~select(col(PaymentStep.id))
        .where(col(PaymentStep.payment_id) == col(Payment.id), col(PaymentStep.claimed_at) >= wall - STUCK_AFTER)
        .exists()
    )
    return (
        select(col(Payment.id)).where(or_(col(Payment.id).in_(old_step), and_(undone, quiet))).order_by(col(Payment.id))
    )


def _stuck_payouts(wall: datetime) -> Select[UUID]:
    return select(col(Payout.id)).where(col(Payout.state) == "sent", col(Payout.sent_at) < wall - STUCK_AFTER)
