"""What is owed: the service was given, the provider is paid, and the card did not pay. It is asked again.

By itself after some days, a few times; by the payer at once, with another card; by an officer. All three only write
down which card shall be asked next (`next_method`), under the payment's lock, and the steps follow from it: the next
collection begins when the one before is void, so that never two of them can succeed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox, states, timers
from marketplace.base.actor import Actor
from marketplace.payments.collecting.steps import STEPS
from marketplace.payments.models import Payment

RETRY_DUE = "payment.retry_due"
# the bank's answer will not change, and asking again looks like fraud (docs.stripe.com/declines/codes)
FINAL_DECLINES = frozenset({"lost_card", "pickup_card", "revocation_of_authorization", "stolen_card"})


async def collect_from(tx: AsyncSession, payment: Payment, method: str) -> None:
    """Have what the locked payment owes, if anything, collected from this card or wallet, once the last try is void."""
    if payment.owed_fen:
        payment.next_method = method
    await outbox.send(tx, "payment.decided", payment_id=payment.id)


async def await_retry(tx: AsyncSession, payment: Payment, *, after_hours: Sequence[int], now: datetime) -> None:
    """Have the same card asked again later, unless that is arranged, or it was asked as often as the pack says.

    Also while it waits for the payer's word: a payer who never gives it must not keep the sum waiting.
    """
    used_up = payment.retries >= len(after_hours) or payment.decline_code in FINAL_DECLINES
    if payment.owed_fen == 0 or payment.retry_at is not None or used_up:
        return
    payment.retry_at = now + timedelta(hours=after_hours[payment.retries])
    await timers.set_timer(tx, RETRY_DUE, payment.id, payment.retry_at)


def retry(payment: Payment, *, now: datetime) -> None:
    """The time of a retry has come. A collection that somebody else began meanwhile is left alone."""
    if payment.retry_at is None or payment.retry_at > now:
        return  # told twice, or moved
    payment.retry_at = None
    if payment.owed_fen > 0 and payment.next_method is None:
        payment.retries += 1
        payment.next_method = payment.method


async def stop_retrying(tx: AsyncSession, payment: Payment) -> None:
    """The money is there."""
    payment.retry_at = payment.next_method = None
    await timers.drop_timer(tx, RETRY_DUE, payment.id)


async def begin_again(tx: AsyncSession, payment: Payment, *, now: datetime) -> None:
    """Begin a new collection of the locked payment, whose last one is void."""
    if payment.intent_id is not None:
        payment.past_intents = [*payment.past_intents, payment.intent_id]
    payment.intent_id = payment.intent_state = payment.capture_before_at = payment.decline_code = None
    payment.method, payment.next_method = payment.next_method or payment.method, None
    payment.captured_early = False
    await states.move(tx, payment, "processing", STEPS, actor=Actor.system(), now=now, reason="owed")
