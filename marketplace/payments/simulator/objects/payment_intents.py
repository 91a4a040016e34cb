"""Payment intents: the requests that make, confirm, capture and cancel them, with the provider's state checks."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import charges
from marketplace.payments.simulator.objects.attempts import attempt, end, fail, settle, succeed
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.objects.instruments import (
    KINDS,
    WALLETS,
    Instrument,
    declined,
    instrument,
)
from marketplace.payments.simulator.wire.errors import ApiError, bad_parameter, refused
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation")
CANCELLABLE = (*CONFIRMABLE, "requires_action", "requires_capture", "processing")
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")


def create(desk: Desk, params: Params) -> Body:
    """Answer POST /v1/payment_intents."""
    amount, currency = params.required_whole("amount"), params.currency()
    capture_method = params.text("capture_method", choices=CAPTURE_METHODS) or "automatic"
    kinds = params.texts("payment_method_types") or ["card"]
    confirm_now, return_url = params.flag("confirm"), params.text("return_url")
    tool = _chosen_instrument(params)
    customer, group = params.text("customer"), params.text("transfer_group")
    description, metadata = params.text("description"), params.metadata()
    params.ignore("payment_method_options", "confirmation_method", "setup_future_usage")
    params.done()
    if customer is not None:
        desk.get("customer", customer, param="customer")
    _check_kinds(kinds, tool, capture_method)
    intent_id = desk.new_id("pi")
    intent = desk.add(
        {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": capture_method,
            "client_secret": f"{intent_id}_secret",
            "created": desk.now,
            "currency": currency,
            "customer": customer,
            "description": description,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": metadata,
            "next_action": None,
            "payment_method": None if tool is None else tool.token,
            "payment_method_types": kinds,
            "status": "requires_payment_method" if tool is None else "requires_confirmation",
            "transfer_group": group,
        }
    )
    return _confirm(desk, intent, tool, return_url=return_url) if confirm_now else intent


def confirm(desk: Desk, params: Params, intent_id: str) -> Body:
    """Answer POST /v1/payment_intents/{id}/confirm."""
    tool, return_url = _chosen_instrument(params), params.text("return_url")
    params.ignore("payment_method_options")
    params.done()
    intent = _in_state(desk, intent_id, CONFIRMABLE, "confirm")
    if tool is None and intent["payment_method"] is not None:
        tool = instrument(intent["payment_method"])
    _check_kinds(intent["payment_method_types"], tool, intent["capture_method"])
    return _confirm(desk, intent, tool, return_url=return_url)


def capture(desk: Desk, params: Params, intent_id: str) -> Body:
    """Answer POST /v1/payment_intents/{id}/capture."""
    wanted = params.whole("amount_to_capture")
    params.ignore("metadata")
    params.done()
    intent = _in_state(desk, intent_id, ("requires_capture",), "capture")
    amount = intent["amount_capturable"] if wanted is None else wanted
    if amount > intent["amount_capturable"]:
        words = f"The amount to capture ({amount}) is above what is held ({intent['amount_capturable']})."
        raise refused(words, code="amount_too_large", param="amount_to_capture")
    charge = desk.get("charge", intent["latest_charge"])
    if instrument(charge["payment_method"]).capture_fails:
        charges.release(desk, charge, failed=True)
        fail(desk, intent, "generic_decline")
        raise declined("generic_decline", charge=charge["id"], intent=intent)
    emit(desk, "charge.captured", charges.capture(desk, charge, amount))
    return succeed(desk, intent, amount)


def cancel(desk: Desk, params: Params, intent_id: str) -> Body:
    """Answer POST /v1/payment_intents/{id}/cancel."""
    reason = params.text("cancellation_reason", choices=REASONS)
    params.done()
    return end(desk, _in_state(desk, intent_id, CANCELLABLE, "cancel"), reason)


def authenticate(desk: Desk, params: Params, intent_id: str) -> Body:
    """Simulator only: the payer confirms at the bank (`outcome=success`), or does not (`failure`)."""
    outcome = params.text("outcome", choices=("success", "failure")) or "success"
    params.done()
    intent = _in_state(desk, intent_id, ("requires_action",), "authenticate")
    if outcome == "failure":
        return fail(desk, intent, "authentication_failed")
    return settle(desk, intent, instrument(intent["payment_method"]))


def retrieve(desk: Desk, params: Params, intent_id: str) -> Body:
    """Answer GET /v1/payment_intents/{id}."""
    params.ignore("client_secret")
    params.done()
    return desk.get("payment_intent", intent_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/payment_intents."""
    chosen = Filter("payment_intent")
    chosen.field("customer", params.text("customer"))
    return page(desk, params, chosen, url="/v1/payment_intents")


def _chosen_instrument(params: Params) -> Instrument | None:
    token = params.text("payment_method")
    data = Params(params.mapping("payment_method_data"))
    kind = data.text("type", choices=KINDS)
    if kind == "card":
        raise bad_parameter("Card data is not taken here; use a test token.", param="payment_method_data")
    data.done()
    token = token or kind
    return None if token is None else instrument(token)


def _check_kinds(kinds: list[str], tool: Instrument | None, capture_method: str) -> None:
    wallets = sorted(WALLETS.intersection(kinds))
    if capture_method == "manual" and wallets:
        words = f"{', '.join(wallets)} cannot be used with capture_method=manual."
        raise bad_parameter(words, param="capture_method", code="payment_intent_invalid_parameter")
    if unknown := set(kinds) - KINDS:
        words = f"The payment method type {min(unknown)} is invalid."
        raise bad_parameter(words, param="payment_method_types")
    if tool is not None and tool.kind not in kinds:
        words = f"The PaymentIntent does not allow {tool.kind}."
        raise bad_parameter(words, param="payment_method", code="payment_intent_incompatible_payment_method")


def _confirm(desk: Desk, intent: Body, tool: Instrument | None, *, return_url: str | None) -> Body:
    if tool is None:
        raise _unexpected(intent, "confirm", "it is missing a payment method")
    return attempt(desk, intent, tool, return_url=return_url)


def _in_state(desk: Desk, intent_id: str, states: tuple[str, ...], verb: str) -> Body:
    intent = desk.get("payment_intent", intent_id)
    if intent["status"] not in states:
        raise _unexpected(intent, verb, f"it has a status of {intent['status']}")
    return intent


def _unexpected(intent: Body, verb: str, why: str) -> ApiError:
    words = f"You cannot {verb} this PaymentIntent because {why}."
    return refused(words, code="payment_intent_unexpected_state", payment_intent=intent)
