"""Refunds: money back to the payer, in parts, never more than was captured.

They succeed at once unless the switch `refunds` says otherwise: `pending` ones wait for their outcome, as wallets' do;
`fail_later` ones succeed and fail right after, as the provider's own test card for it (4000 0000 0000 5126) makes them:
the money is back in the balance, and refund.updated, charge.refund.updated and refund.failed tell so.
"""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import balance, charges
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.switches import read as switches_of
from marketplace.payments.simulator.wire.errors import bad_parameter, refused
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FAILURES = ("declined", "expired_or_canceled_card", "insufficient_funds", "lost_or_stolen_card", "unknown")


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
            "failure_balance_transaction": None,
            "failure_reason": None,
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "pending",
        }
    )
    course = switches_of(desk.db).refunds
    if course != "pending":
        _pay(desk, refund)
    emit(desk, "refund.created", refund)
    emit(desk, "charge.refunded", charges.give_back(desk, charge, amount_fen))
    answer = dict(refund)
    if course == "fail_later":
        _fail(desk, refund, "expired_or_canceled_card")
    return answer


def settle(desk: Desk, params: Params, refund_id: str) -> Body:
    """Simulator only: the payer's bank takes a pending refund (`outcome=success`), or sends one back (`failure`)."""
    outcome = params.text("outcome", choices=("success", "failure")) or "success"
    reason = params.text("reason", choices=FAILURES) or "unknown"
    params.done()
    refund = desk.get("refund", refund_id)
    if refund["status"] not in {"failure": ("pending", "succeeded"), "success": ("pending",)}[outcome]:
        raise refused(f"The refund has a status of {refund['status']}.", code="refund_unexpected_state")
    if outcome == "failure":
        return _fail(desk, refund, reason)
    _pay(desk, refund)
    _tell(desk, refund, "refund.updated", "charge.refund.updated")
    return refund


def _pay(desk: Desk, refund: Body) -> None:
    refund["status"] = "succeeded"
    refund["balance_transaction"] = balance.move(desk, "refund", -refund["amount"], source=refund["id"])
    desk.save(refund)


def _fail(desk: Desk, refund: Body, reason: str) -> Body:
    if refund["status"] == "succeeded":
        back = balance.move(desk, "refund_failure", refund["amount"], source=refund["id"])
        refund["failure_balance_transaction"] = back
    refund["status"], refund["failure_reason"] = "failed", reason
    desk.save(refund)
    charges.give_back(desk, desk.get("charge", refund["charge"]), -refund["amount"])
    _tell(desk, refund, "refund.updated", "charge.refund.updated", "refund.failed")
    return refund


def _tell(desk: Desk, refund: Body, *kinds: str) -> None:
    for kind in kinds:
        emit(desk, kind, refund)


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
