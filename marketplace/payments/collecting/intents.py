"""What the gateway's view of a collection means for the payment. One function for answers, events and reconciliation.

Views may be old or come twice. States of payments and refunds only move up a rank, so any order ends the same.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox, states, timers
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.payments import books
from marketplace.payments.collecting import owing, refunds
from marketplace.payments.collecting.steps import LAPSE_MARGIN, STEPS
from marketplace.payments.gateway import Intent, IntentState
from marketplace.payments.models import Payment
from timebank import apply

RANK = {
    "created": 0,
    "saved": 0,
    "processing": 1,
    "action_required": 2,
    "authorized": 3,
    "failed": 4,
    "captured": 5,
    "canceled": 5,
    "auth_expired": 5,
}
INTENT_RANK = {
    IntentState.PROCESSING: 1,
    IntentState.ACTION_REQUIRED: 2,
    IntentState.AUTHORISED: 3,
    IntentState.OPEN: 4,  # declined: the money that was held or hoped for is not there
    IntentState.CAPTURED: 5,
    IntentState.VOID: 5,
}


async def apply_intent(
    tx: AsyncSession, payment: Payment, intent: Intent, *, vault: Vault, now: datetime, wall: datetime
) -> bool:
    """Bring the locked payment up to what the gateway shows; tells whether that was anything new.

    Moves the state, books what was taken and given back, sets the timer of a lapsing authorisation and sends
    payment.changed. `wall` is the gateway's time: the domain's clock may run elsewhere.
    """
    seen, before = payment.intent_state, _sums(payment)
    if payment.intent_id not in {None, intent.id} or intent.id in payment.past_intents:
        return False  # given up before, or another collection under our reference: the audit will name its money
    payment.intent_id = intent.id
    if payment.intent_state is None or INTENT_RANK[intent.state] >= INTENT_RANK[IntentState(payment.intent_state)]:
        payment.intent_state = intent.state
    await _book(tx, payment, intent, now=now)
    await _move(tx, payment, intent, vault=vault, now=now, wall=wall)
    changed = before != _sums(payment)
    if changed:
        await outbox.send(tx, "payment.changed", payment_id=payment.id, booking_id=payment.booking_id)
    return changed or seen != payment.intent_state


def _sums(payment: Payment) -> tuple[str, int, int, int]:
    return payment.state, payment.captured_fen, payment.refunded_fen, payment.refund_stopped_fen


async def _book(tx: AsyncSession, payment: Payment, intent: Intent, *, now: datetime) -> None:
    captured = max(payment.captured_fen, intent.captured_fen)
    commands = books.captured_commands(payment.id, before_fen=payment.captured_fen, after_fen=captured, occurred_at=now)
    payment.captured_fen = captured
    commands += await refunds.learn(tx, payment, intent.refunds, now=now)
    await tx.flush()
    await apply(tx, commands, now=now)


async def _move(
    tx: AsyncSession, payment: Payment, intent: Intent, *, vault: Vault, now: datetime, wall: datetime
) -> None:
    target = _target(payment, intent)
    if target == payment.state or RANK[target] <= RANK[payment.state] or target not in STEPS[payment.state]:
        return
    if payment.state == "failed":
        payment.keep_fen = payment.keep_fen or 0  # undecided: the booking was told that there is no money
    await _action(tx, payment, intent.action_url if target == "action_required" else None, vault)
    await states.move(tx, payment, target, STEPS, actor=Actor.system(), now=now)
    if target == "authorized" and intent.capture_before_at is not None:
        payment.capture_before_at = now + (intent.capture_before_at - wall)
        await timers.set_timer(tx, "payment.lapse_due", payment.id, payment.capture_before_at - LAPSE_MARGIN)
    elif RANK[target] > RANK["authorized"]:
        await timers.drop_timer(tx, "payment.lapse_due", payment.id)
    if target in {"authorized", "captured"}:
        await owing.stop_retrying(tx, payment)


async def _action(tx: AsyncSession, payment: Payment, url: str | None, vault: Vault) -> None:
    # the address lets its holder confirm the payment: sealed while it is of use, erased after
    if url is not None:
        payment.action_url_sealed = await vault.seal(tx, payment.id, "action_url", url)
    elif payment.action_url_sealed is not None:
        payment.action_url_sealed = None
        await vault.erase(tx, payment.id)


def _target(payment: Payment, intent: Intent) -> str:
    match intent.state:
        case IntentState.AUTHORISED:
            return "authorized"
        case IntentState.CAPTURED:
            return "captured"
        case IntentState.ACTION_REQUIRED:
            return "action_required"
        case IntentState.OPEN:
            return "failed"
        case IntentState.VOID:
            return "auth_expired" if payment.state == "authorized" and payment.keep_fen != 0 else "canceled"
        case _:
            return "processing"
