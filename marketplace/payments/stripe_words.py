"""Translation of Stripe's objects and errors into the gateway's words.

Which failures are final and which may be retried is decided here and nowhere else.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from marketplace.payments.gateway import (
    Declined,
    Event,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    Intent,
    IntentState,
    Refund,
    RefundState,
    Transfer,
)

STATES = {
    "requires_payment_method": IntentState.OPEN,
    "requires_confirmation": IntentState.OPEN,
    "requires_action": IntentState.ACTION_REQUIRED,
    "processing": IntentState.PROCESSING,
    "requires_capture": IntentState.AUTHORISED,
    "succeeded": IntentState.CAPTURED,
    "canceled": IntentState.VOID,
}
REFUND_STATES = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


def intent(found: Any, refunds: Iterable[Refund] = ()) -> Intent:
    """Read a payment intent: the SDK's object or the plain mapping inside an error body.

    Without an expanded charge the end of the authorisation is unknown (None). What was given back is read from the
    refunds and not from `charge.amount_refunded`: before API version 2025-03-31.basil that one also counted what a
    partial capture released (docs.stripe.com/changelog/basil/2025-03-31/
    remove-refund-from-partial-capture-and-payment-cancellation-flow), and it does not say which refund failed later.
    """
    data = _plain(found)
    charge = data.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    state = STATES.get(data["status"], IntentState.PROCESSING)  # a state newer than us: wait, fetch again
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    expiry = card.get("capture_before") if state is IntentState.AUTHORISED else None
    redirect = (data.get("next_action") or {}).get("redirect_to_url") or {}
    return Intent(
        id=data["id"],
        reference=(data.get("metadata") or {}).get("reference", ""),
        state=state,
        amount_fen=data["amount"],
        capturable_fen=data["amount_capturable"],
        captured_fen=data["amount_received"],
        capture_before_at=None if expiry is None else datetime.fromtimestamp(expiry, UTC),
        action_url=redirect.get("url"),
        refunds=tuple(refunds),
    )


def refund(made: Any) -> Refund:
    """Read a refund; states that we do not know count as pending, until an event or a fetch says more.

    One without an intent (of a bare charge) has an empty `intent_id`: it is none of ours.
    """
    data = _plain(made)
    return Refund(
        id=data["id"],
        intent_id=data.get("payment_intent") or "",
        amount_fen=data["amount"],
        state=REFUND_STATES.get(data.get("status") or "", RefundState.PENDING),
        reference=(data.get("metadata") or {}).get("reference", ""),
        code=data.get("failure_reason"),
    )


def transfer(made: Any) -> Transfer:
    """Read a transfer."""
    data = _plain(made)
    destination = data["destination"]
    return Transfer(
        id=data["id"],
        account_id=destination["id"] if isinstance(destination, dict) else destination,
        amount_fen=data["amount"],
        reversed_fen=data["amount_reversed"],
        group=data.get("transfer_group") or "",
    )


def event(data: dict[str, Any]) -> Event:
    """Read an event; KeyError, TypeError, ValueError, OverflowError or OSError (of the time) when it is none."""
    if data["object"] != "event":
        raise KeyError("object")
    return Event(
        id=_text(data["id"]),
        kind=_text(data["type"]),
        object_id=_text(data["data"]["object"]["id"]),
        created_at=datetime.fromtimestamp(data["created"], UTC),
    )


def event_from_json(payload: bytes) -> Event:
    """Read an event from a verified body; the errors of `event`, and ValueError when it is not JSON."""
    return event(json.loads(payload))


def signed_at_seconds(signature: str) -> int:
    """Tell the Unix time that the header says it was signed at: its first `t`, as the SDK reads it."""
    return next(int(value) for name, _, value in (part.partition("=") for part in signature.split(",")) if name == "t")


def failure(error: Any) -> GatewayError:
    """Say what a `StripeError` means: declined, refused for good, or to be tried again with the same key."""
    body = (error.json_body or {}).get("error") if isinstance(error.json_body, dict) else None
    body = body if isinstance(body, dict) else {}
    status = error.http_status
    code = str(body.get("code") or body.get("type") or type(error).__name__)
    message = str(body.get("message") or error.user_message or "no message")
    if _may_be_tried_again(status, code):
        replayed = str(error.headers.get("idempotent-replayed", "")).lower() == "true"
        return GatewayUnavailable(code, message, replayed=replayed)
    seen = body.get("payment_intent")
    if status == 402:
        intent_id = seen.get("id") if isinstance(seen, dict) else None
        return Declined(str(body.get("decline_code") or code), message, intent_id=intent_id)
    return GatewayRefused(code, message, intent=intent(seen) if isinstance(seen, dict) else None)


def _may_be_tried_again(status: int | None, code: str) -> bool:
    if status is None or status < 400 or status >= 500:
        return True  # no answer, or one that cannot be read
    # 401 and 403: the key of the platform is wrong or too weak. Nothing ran; a person mends it, then the retry works.
    return status in {401, 403, 409, 429} or code in {"rate_limit", "lock_timeout"}


def _plain(found: Any) -> dict[str, Any]:
    plain: dict[str, Any] = found if isinstance(found, dict) else found.to_dict()
    return plain


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text expected")
    return value
