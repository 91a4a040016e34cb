"""Routes of payments: the webhook, a booking's payment, what needs a person, a provider's payouts."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Role
from marketplace.base.clock import wall_now
from marketplace.base.crypto import Vault
from marketplace.payments import inbox, matters
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
from marketplace.payments.models import Payment
from marketplace.payments.payouts.accrual import payable_fen, payouts_for
from marketplace.payments.schemas import DebtOut, MatterOut, MatterPage, PaymentOut, PayoutOut, PayoutPage, Received
from marketplace.payments.service import payment_for
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

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


async def shown(tx: AsyncSession, payment: Payment, vault: Vault) -> PaymentOut:
    """The payment as its payer sees it."""
    sealed = payment.action_url_sealed
    return PaymentOut(
        id=payment.id,
        booking_id=payment.booking_id,
        state=payment.state,
        amount_fen=payment.amount_fen,
        captured_fen=payment.captured_fen,
        refunded_fen=payment.refunded_fen,
        refund_failed_fen=payment.refund_stopped_fen,
        owed_fen=payment.owed_fen,
        retry_at=payment.retry_at,
        decline_code=payment.decline_code,
        action_url=None if sealed is None else await vault.open(tx, payment.id, "action_url", sealed),
    )


@get("/v1/bookings/{booking_id:uuid}/payment", tags=TAGS, operation_id="showPayment", guards=[signed_in])
async def get_payment(booking_id: FromPath[UUID], tx: Tx, actor: Acting, platform: Home) -> PaymentOut:
    """A booking's payment by card or wallet, for its payer, its booker and operators."""
    return await shown(tx, await payment_for(tx, booking_id, actor=actor), platform.vault)


@get(
    "/v1/payments/matters",
    tags=TAGS,
    operation_id="listPaymentMatters",
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
)
async def list_matters(tx: Tx, actor: Acting, now: Now) -> MatterPage:
    """Payments that need a person, of bookings one may see, with reasons; operators of the city also see debts."""
    of_the_city = actor.is_any(Role.OPERATOR) and actor.region_path == ""
    return MatterPage(
        matters=[MatterOut(**asdict(each)) for each in await matters.open_matters(tx, actor=actor, now=now)],
        debts=[
            DebtOut(provider_id=provider_id, owed_fen=owed_fen)
            for provider_id, owed_fen in (await matters.debts(tx) if of_the_city else [])
        ],
    )


@post(
    "/v1/payments/{payment_id:uuid}/retry",
    tags=TAGS,
    operation_id="retryPayment",
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
    status_code=200,
)
async def retry_payment(
    payment_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> PaymentOut:
    """Have a failed refund given back anew, or what is owed collected anew from the same card."""

    async def work() -> PaymentOut:
        return await shown(tx, await matters.try_again(tx, payment_id, actor=actor, now=now), platform.vault)

    return await once(tx, PaymentOut, work)


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


ROUTES: list[Any] = [receive_stripe_event, get_payment, list_matters, retry_payment, list_payouts]
