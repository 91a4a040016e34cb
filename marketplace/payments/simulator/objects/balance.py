"""The platform's balance and its history.

Captured money is available at once and without fee; the provider itself takes days.
"""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.store import set_setting, setting
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params


def move(desk: Desk, kind: str, amount_fen: int, *, source: str) -> str:
    """Write one signed balance transaction and return its id. Refunds may take the balance below zero."""
    set_setting(desk.db, "available_fen", available_fen(desk) + amount_fen)
    return str(
        desk.add(
            {
                "id": desk.new_id("txn"),
                "object": "balance_transaction",
                "amount": amount_fen,
                "available_on": desk.now,
                "created": desk.now,
                "currency": "cny",
                "fee": 0,
                "net": amount_fen,
                "source": source,
                "status": "available",
                "type": kind,
            }
        )["id"]
    )


def available_fen(desk: Desk) -> int:
    """Tell what can be transferred now."""
    return int(setting(desk.db, "available_fen", 0))


def retrieve(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/balance."""
    params.done()
    return {
        "object": "balance",
        "livemode": False,
        "available": [{"amount": available_fen(desk), "currency": "cny"}],
        "pending": [{"amount": 0, "currency": "cny"}],
    }


def retrieve_transaction(desk: Desk, params: Params, transaction_id: str) -> Body:
    """Answer GET /v1/balance_transactions/{id}."""
    params.done()
    return desk.get("balance_transaction", transaction_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/balance_transactions."""
    chosen = Filter("balance_transaction")
    for name in ("type", "source"):
        chosen.field(name, params.text(name))
    return page(desk, params, chosen, url="/v1/balance_transactions")
