"""The second beat of a step: the call to the gateway, outside every transaction, and what its answer amounts to.

A failure that the gateway will repeat for this key, or a key so old that the gateway may have forgotten it, is not
sent again: the effect is looked up instead.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from marketplace.payments.collecting.claims import Claim
from marketplace.payments.collecting.steps import Kind
from marketplace.payments.gateway import (
    Declined,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    Intent,
    IntentState,
    RefundState,
)

KEYS_LAST = timedelta(hours=20)  # the gateway keeps keys for 24 hours
CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Done:
    """The effect exists. `gateway_id` names the refund, where it was one."""

    intent: Intent
    gateway_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The effect does not exist, for good. `intent` is the present view where there is one.

    `final`: the payer's bank said no, or the request can never succeed: the payment fails.
    """

    code: str
    intent: Intent | None = None
    final: bool = False


Outcome = Done | Refused


async def call(gateway: Gateway, claim: Claim, *, wall: datetime) -> Outcome:
    """Make the claimed call once. GatewayUnavailable when its outcome stays unknown: to be repeated as it is."""
    if wall - claim.claimed_at > KEYS_LAST:
        return await look_up(gateway, claim)
    try:
        return await _send(gateway, claim)
    except Declined as declined:
        intent = await gateway.fetch_intent(declined.intent_id) if declined.intent_id else None
        return Refused(declined.code, intent, final=True)
    except GatewayRefused as refusal:
        return await _refused(gateway, claim, refusal)
    except GatewayUnavailable as failure:
        if not failure.replayed:
            raise
        return await look_up(gateway, claim)


async def look_up(gateway: Gateway, claim: Claim) -> Outcome:
    """Has the claimed call had its effect? Asked of the gateway's present state."""
    if claim.kind is Kind.AUTHORISE:
        found = await gateway.find_by_reference(str(claim.payment_id), since=claim.claimed_at - CLOCKS_DIFFER)
        fresh = [each for each in found if each.id not in claim.past_intents]
        alive = [each for each in fresh if each.state is not IntentState.OPEN]
        return Done(alive[-1]) if alive else Refused("no_effect")
    intent = await gateway.fetch_intent(_intent_id(claim))
    return Done(intent) if _shows(claim, intent) else Refused("no_effect", intent)


def _shows(claim: Claim, intent: Intent) -> bool:
    match claim.kind:
        case Kind.CAPTURE:
            return intent.state is IntentState.CAPTURED
        case Kind.VOID:
            return intent.state is IntentState.VOID
        case _:
            return any(refund.reference == claim.key for refund in intent.refunds)


async def _send(gateway: Gateway, claim: Claim) -> Outcome:
    match claim.kind:
        case Kind.AUTHORISE:
            return Done(
                await gateway.authorise(
                    claim.amount_fen,
                    payment_method=claim.method,
                    key=claim.key,
                    reference=str(claim.payment_id),
                    automatic=claim.automatic,
                )
            )
        case Kind.CAPTURE:
            return Done(await gateway.capture(_intent_id(claim), claim.amount_fen, key=claim.key))
        case Kind.VOID:
            return Done(await gateway.void(_intent_id(claim), key=claim.key))
        case _:
            return await _refund(gateway, claim)


async def _refund(gateway: Gateway, claim: Claim) -> Outcome:
    refund = await gateway.refund(_intent_id(claim), claim.amount_fen, key=claim.key)
    intent = await gateway.fetch_intent(_intent_id(claim))
    if refund.id not in {each.id for each in intent.refunds}:
        intent = replace(intent, refunds=(*intent.refunds, refund))
    if refund.state is RefundState.FAILED:
        return Refused("refund_failed", intent)
    return Done(intent, refund.id)


async def _refused(gateway: Gateway, claim: Claim, refusal: GatewayRefused) -> Outcome:
    if claim.kind is Kind.AUTHORISE:
        return Refused(refusal.code, refusal.intent, final=True)
    # fetched even where the refusal carries a view: that one shows no refunds
    return Refused(refusal.code, await gateway.fetch_intent(_intent_id(claim)))


def _intent_id(claim: Claim) -> str:
    if claim.intent_id is None:
        raise ValueError(f"a {claim.kind} without an intent")
    return claim.intent_id
