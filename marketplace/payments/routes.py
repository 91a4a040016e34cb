"""Routes of payments: the webhook, a booking's payment, a provider's payouts."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath

from marketplace.base.actor import Role
from marketplace.base.clock import wall_now
from marketplace.payments import inbox
from marketplace.payments.connection import gateway_of, is_configured
from marketplace.payments.errors import EventUnreadable, NoWebhook, SignatureAbsent, SignatureRefused
from marketplace.payments.gateway import (
    Event,
    EventMalformed,
    SignatureInvalid,
    SignatureMissing,
    Stale,
    WebhookDisabled,
)
from marketplace.payments.payouts.accrual import payable_fen, payouts_for
from marketplace.payments.schemas import PaymentOut, PayoutOut, PayoutPage, Received
from marketplace.payments.service import payment_for
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, Tx

LARGEST_EVENT = 256 * 1024
TAGS = ["payments"]


@post(
    "/webhooks/stripe",
    tags=TAGS,
    operation_id="receiveStripeEvent",
    status_code=200,
    request_max_body_size=LARGEST_EVENT,
)
async def receive_stripe_event(request: Request[Any, Any, Any], tx: Tx, platform: Home) -> Received:
    """An event of the payment provider: verified over its raw bytes, stored once, answered; a job does the rest."""
    event = _verified(platform, await request.body(), request.headers.get("stripe-signature"))
    await inbox.store(tx, event)
    return Received()


def _verified(platform: Home, body: bytes, signature: str | None) -> Event:
    if not is_configured(platform):
        raise NoWebhook
    try:
        # wall time: the signature's age has nothing to do with a simulated day
        return gateway_of(platform).read_event(body, signature, now=wall_now())
    except WebhookDisabled as error:
        raise NoWebhook from error
    except SignatureMissing as error:
        raise SignatureAbsent from error
    except (SignatureInvalid, Stale) as error:
        raise SignatureRefused from error
    except EventMalformed as error:
        raise EventUnreadable from error


@get("/v1/bookings/{booking_id:uuid}/payment", tags=TAGS, operation_id="showPayment", guards=[signed_in])
async def get_payment(booking_id: FromPath[UUID], tx: Tx, actor: Acting, platform: Home) -> PaymentOut:
    """A booking's payment by card or wallet, for its payer, its booker and operators."""
    payment = await payment_for(tx, booking_id, actor=actor)
    sealed = payment.action_url_sealed
    return PaymentOut(
        id=payment.id,
        booking_id=payment.booking_id,
        state=payment.state,
        amount_fen=payment.amount_fen,
        captured_fen=payment.captured_fen,
        refunded_fen=payment.refunded_fen,
        decline_code=payment.decline_code,
        action_url=None if sealed is None else await platform.vault.open(tx, payment.id, "action_url", sealed),
    )


@get(
    "/v1/providers/{provider_id:uuid}/payouts",
    tags=TAGS,
    operation_id="listPayouts",
    guards=[requires(Role.PROVIDER, Role.OPERATOR)],
)
async def list_payouts(provider_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now) -> PayoutPage:
    """What a provider was paid and is owed, for its own people and operators."""
    payouts = await payouts_for(tx, provider_id, actor=actor)
    return PayoutPage(
        payable_fen=await payable_fen(tx, provider_id, now=now),
        payouts=[
            PayoutOut(
                id=payout.id,
                day=payout.day,
                state=payout.state,
                amount_fen=payout.amount_fen,
                transfer_id=payout.transfer_id,
                paid_at=payout.paid_at,
            )
            for payout in payouts
        ],
    )


ROUTES: list[Any] = [receive_stripe_event, get_payment, list_payouts]
