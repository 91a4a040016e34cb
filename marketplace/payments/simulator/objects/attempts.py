"""What happens to a payment intent when money is asked for: agreed, refused, or handed to the payer to confirm."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import charges
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.objects.instruments import SENTENCES, Instrument, declined


def attempt(desk: Desk, intent: Body, tool: Instrument, *, return_url: str | None) -> Body:
    """Ask the instrument. Raises the bank's refusal as ApiError 402, with the intent open for another method."""
    intent["payment_method"] = tool.token
    intent["last_payment_error"] = None
    if tool.needs_action:
        return _ask_payer(desk, intent, return_url=return_url)
    if tool.decline is not None:
        charge = charges.begin(desk, intent, tool)
        intent["latest_charge"] = charge["id"]
        fail(desk, intent, tool.decline)
        raise declined(tool.decline, charge=charge["id"], intent=intent)
    return settle(desk, intent, tool)


def settle(desk: Desk, intent: Body, tool: Instrument) -> Body:
    """The bank agrees: hold for a manual capture, or take at once."""
    charge = charges.begin(desk, intent, tool)
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        desk.save(intent, due_at=charge["payment_method_details"]["card"]["capture_before"])
        emit(desk, "payment_intent.amount_capturable_updated", intent)
        return intent
    return succeed(desk, intent, intent["amount"])


def succeed(desk: Desk, intent: Body, amount_fen: int) -> Body:
    """Money was taken: the intent's last state."""
    intent["status"] = "succeeded"
    intent["amount_capturable"] = 0
    intent["amount_received"] = amount_fen
    desk.save(intent)
    emit(desk, "payment_intent.succeeded", intent)
    return intent


def fail(desk: Desk, intent: Body, reason: str) -> Body:
    """The attempt failed; the intent waits for another payment method."""
    intent["status"] = "requires_payment_method"
    intent["amount_capturable"] = 0
    intent["next_action"] = None
    intent["payment_method"] = None
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": reason,
        "message": SENTENCES[reason],
        "charge": intent["latest_charge"],
    }
    desk.save(intent)
    emit(desk, "payment_intent.payment_failed", intent)
    return intent


def end(desk: Desk, intent: Body, reason: str | None) -> Body:
    """Cancel, and let go of what was held."""
    if intent["status"] == "requires_capture":
        charges.release(desk, desk.get("charge", intent["latest_charge"]))
    intent["status"] = "canceled"
    intent["amount_capturable"] = 0
    intent["canceled_at"] = desk.now
    intent["cancellation_reason"] = reason
    intent["next_action"] = None
    desk.save(intent)
    emit(desk, "payment_intent.canceled", intent)
    return intent


def expire_due(desk: Desk) -> int:
    """Cancel every authorisation whose time is over; tells how many. Judged before every request."""
    rows = desk.db.execute("SELECT id FROM objects WHERE due_at <= ? ORDER BY seq", (desk.now,)).fetchall()
    for (intent_id,) in rows:
        intent = desk.get("payment_intent", intent_id)
        emit(desk, "charge.expired", desk.get("charge", intent["latest_charge"]))
        end(desk, intent, "expired")  # `automatic` before API version 2025-03-31.basil
    return len(rows)


def _ask_payer(desk: Desk, intent: Body, *, return_url: str | None) -> Body:
    url = f"{desk.base_url}/_simulator/payment_intents/{intent['id']}/authenticate"
    intent["status"] = "requires_action"
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": url, "return_url": return_url},
    }
    desk.save(intent)
    emit(desk, "payment_intent.requires_action", intent)
    return intent
