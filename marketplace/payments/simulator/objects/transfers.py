"""Transfers to connected accounts and their reversals; neither side may go below zero by them."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import balance
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.wire.errors import refused
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

TOO_LITTLE = "You have insufficient available funds in your account."


def create(desk: Desk, params: Params) -> Body:
    """Answer POST /v1/transfers."""
    amount, currency = params.required_whole("amount"), params.currency()
    destination, group = params.required("destination"), params.text("transfer_group")
    metadata = params.metadata()
    params.ignore("description")
    params.done()
    account = desk.get("account", destination, param="destination")
    if amount > balance.available_fen(desk):
        raise refused(TOO_LITTLE, code="balance_insufficient")
    transfer = desk.add(
        {
            "id": desk.new_id("tr"),
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": None,
            "created": desk.now,
            "currency": currency,
            "destination": destination,
            "livemode": False,
            "metadata": metadata,
            "reversed": False,
            "source_transaction": None,
            "transfer_group": group,
        }
    )
    transfer["balance_transaction"] = balance.move(desk, "transfer", -amount, source=transfer["id"])
    account["simulator_balance_fen"] += amount
    desk.save(account)
    desk.save(transfer)
    emit(desk, "transfer.created", transfer)
    return transfer


def reverse(desk: Desk, params: Params, transfer_id: str) -> Body:
    """Answer POST /v1/transfers/{id}/reversals."""
    wanted = params.whole("amount")
    metadata = params.metadata()
    params.ignore("description")
    params.done()
    transfer = desk.get("transfer", transfer_id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = left if wanted is None else wanted
    if left == 0 or amount > left:
        words = f"Amount ({amount}) is greater than the unreversed amount on transfer ({left})."
        raise refused(words, code="amount_too_large", param="amount")
    account = desk.get("account", transfer["destination"])
    if amount > account["simulator_balance_fen"]:
        raise refused("The connected account has too little balance.", code="balance_insufficient")
    reversal = desk.add(
        {
            "id": desk.new_id("trr"),
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": None,
            "created": desk.now,
            "currency": transfer["currency"],
            "metadata": metadata,
            "transfer": transfer_id,
        }
    )
    reversal["balance_transaction"] = balance.move(desk, "transfer_refund", amount, source=reversal["id"])
    account["simulator_balance_fen"] -= amount
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    for changed in (account, transfer, reversal):
        desk.save(changed)
    emit(desk, "transfer.reversed", transfer)
    return reversal


def retrieve(desk: Desk, params: Params, transfer_id: str) -> Body:
    """Answer GET /v1/transfers/{id}."""
    params.done()
    return desk.get("transfer", transfer_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/transfers."""
    chosen = Filter("transfer")
    for name in ("destination", "transfer_group"):
        chosen.field(name, params.text(name))
    return page(desk, params, chosen, url="/v1/transfers")


def list_reversals(desk: Desk, params: Params, transfer_id: str) -> Body:
    """Answer GET /v1/transfers/{id}/reversals."""
    chosen = Filter("transfer_reversal")
    chosen.field("transfer", transfer_id)
    return page(desk, params, chosen, url=f"/v1/transfers/{transfer_id}/reversals")
