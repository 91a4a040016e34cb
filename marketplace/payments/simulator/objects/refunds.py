"""Refunds: money back to the payer, in parts, never more than was captured. They succeed at once here."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import balance, charges
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.wire.errors import bad_parameter, refused
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(desk: Desk, params: Params) -> Body:
    """Answer POST /v1/refunds."""
    intent_id, charge_id = params.text("payment_intent"), params.text("charge")
    wanted = params.whole("amount")
    reason = params.text("reason", choices=REASONS)
    metadata = params.metadata()
    params.done()
    charge = _charge(desk, intent_id, charge_id)
    left = charges.refundable_fen(charge)
    if left == 0:
        words = f"Charge {charge['id']} has already been refunded."
        raise refused(words, code="charge_already_refunded")
    amount = left if wanted is None else wanted
    if amount > left:
        words = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
        raise refused(words, code="amount_too_large", param="amount")
    return _give_back(desk, charge, amount, reason=reason, metadata=metadata)


def _charge(desk: Desk, intent_id: str | None, charge_id: str | None) -> Body:
    if (intent_id is None) == (charge_id is None):
        raise bad_parameter("Give either payment_intent or charge.", param="payment_intent")
    if intent_id is not None:
        intent = desk.get("payment_intent", intent_id, param="payment_intent")
        charge_id = intent["latest_charge"]
        if intent["status"] != "succeeded" or charge_id is None:
            words = "This PaymentIntent does not have a successful charge to refund."
            raise refused(words, code="payment_intent_unexpected_state", payment_intent=intent)
    charge = desk.get("charge", charge_id or "", param="charge")
    if not charge["captured"]:
        raise refused("The charge has not been captured.", code="charge_not_refundable")
    return charge


def _give_back(desk: Desk, charge: Body, amount_fen: int, *, reason: str | None, metadata: dict[str, str]) -> Body:
    refund = desk.add(
        {
            "id": desk.new_id("re"),
            "object": "refund",
            "amount": amount_fen,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": desk.now,
            "currency": charge["currency"],
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "succeeded",
        }
    )
    refund["balance_transaction"] = balance.move(desk, "refund", -amount_fen, source=refund["id"])
    charge["amount_refunded"] += amount_fen
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    desk.save(charge)
    desk.save(refund)
    emit(desk, "charge.refunded", charge)
    emit(desk, "refund.updated", refund)
    return refund


def retrieve(desk: Desk, params: Params, refund_id: str) -> Body:
    """Answer GET /v1/refunds/{id}."""
    params.done()
    return desk.get("refund", refund_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/refunds."""
    chosen = Filter("refund")
    for name in ("payment_intent", "charge"):
        chosen.field(name, params.text(name))
    return page(desk, params, chosen, url="/v1/refunds")
