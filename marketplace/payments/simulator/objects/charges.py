"""Charges: one attempt to take money from an instrument, with what was captured and given back."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import balance
from marketplace.payments.simulator.objects.instruments import SENTENCES, Instrument
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

AUTHORISATION_SECONDS = 7 * 24 * 3600  # a card held at the customer's initiative


def begin(desk: Desk, intent: Body, tool: Instrument) -> Body:
    """Add the charge of an attempt: failed, held (manual capture) or captured at once."""
    held = tool.decline is None and intent["capture_method"] == "manual"
    details: Body = {"type": tool.kind, tool.kind: {}}
    if tool.kind == "card":
        details["card"] = {
            "brand": "visa",
            "last4": "4242",
            "capture_before": desk.now + AUTHORISATION_SECONDS if held else None,
        }
    charge = desk.add(
        {
            "id": desk.new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "captured": False,
            "created": desk.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "disputed": False,
            "failure_code": None if tool.decline is None else "card_declined",
            "failure_message": None if tool.decline is None else SENTENCES[tool.decline],
            "livemode": False,
            "metadata": intent["metadata"],
            "paid": tool.decline is None,
            "payment_intent": intent["id"],
            "payment_method": tool.token,
            "payment_method_details": details,
            "refunded": False,
            "status": "succeeded" if tool.decline is None else "failed",
            "transfer_group": intent["transfer_group"],
        }
    )
    if tool.decline is None and not held:
        return capture(desk, charge, charge["amount"])
    return charge


def capture(desk: Desk, charge: Body, amount_fen: int) -> Body:
    """Take the amount. What is not taken is released, and since API version 2025-03-31.basil that is no refund: none is
    made and `amount_refunded` stays as it was, here and in `release` (docs.stripe.com/changelog/basil/2025-03-31/
    remove-refund-from-partial-capture-and-payment-cancellation-flow).
    """
    charge["captured"] = True
    charge["amount_captured"] = amount_fen
    charge["balance_transaction"] = balance.move(desk, "charge", amount_fen, source=charge["id"])
    return desk.save(charge)


def release(desk: Desk, charge: Body, *, failed: bool = False) -> Body:
    """Let go of a held charge without taking anything."""
    if failed:
        charge["status"] = "failed"
    return desk.save(charge)


def give_back(desk: Desk, charge: Body, amount_fen: int) -> Body:
    """Count an amount as refunded; a negative one when a refund failed later. The provider's documents do not say
    whether its count falls then, so nobody should lean on it: the refunds themselves tell.
    """
    charge["amount_refunded"] += amount_fen
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    return desk.save(charge)


def refundable_fen(charge: Body) -> int:
    """Tell how much of what was taken has not been given back."""
    return int(charge["amount_captured"] - charge["amount_refunded"])


def retrieve(desk: Desk, params: Params, charge_id: str) -> Body:
    """Answer GET /v1/charges/{id}."""
    params.done()
    return desk.get("charge", charge_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/charges."""
    chosen = Filter("charge")
    for name in ("payment_intent", "customer", "transfer_group"):
        chosen.field(name, params.text(name))
    return page(desk, params, chosen, url="/v1/charges")
