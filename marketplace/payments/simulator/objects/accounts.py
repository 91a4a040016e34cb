"""Connected accounts of providers, able to receive transfers at once, and customers as bare ids."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects.events import emit
from marketplace.payments.simulator.wire.errors import refused
from marketplace.payments.simulator.wire.params import Params


def create(desk: Desk, params: Params) -> Body:
    """Answer POST /v1/accounts."""
    kind = params.text("type", choices=("custom", "express", "standard")) or "express"
    country = params.text("country") or "HK"
    metadata = params.metadata()
    params.mapping("capabilities")
    params.ignore("business_type", "controller", "default_currency", "email", "settings")
    params.done()
    account = desk.add(
        {
            "id": desk.new_id("acct"),
            "object": "account",
            "type": kind,
            "country": country,
            "created": desk.now,
            "default_currency": "cny",
            "capabilities": {"transfers": "active"},
            "charges_enabled": True,
            "details_submitted": True,
            "payouts_enabled": True,
            "metadata": metadata,
            "simulator_balance_fen": 0,
        }
    )
    emit(desk, "account.updated", account)
    return account


def retrieve(desk: Desk, params: Params, account_id: str) -> Body:
    """Answer GET /v1/accounts/{id}."""
    params.done()
    return desk.get("account", account_id)


def pay_out(desk: Desk, params: Params, account_id: str) -> Body:
    """Simulator only: the provider's own bank takes money, so that a later reversal may find too little."""
    wanted = params.whole("amount")
    params.done()
    account = desk.get("account", account_id)
    amount = account["simulator_balance_fen"] if wanted is None else wanted
    if amount > account["simulator_balance_fen"]:
        raise refused("The account does not have as much.", code="balance_insufficient")
    account["simulator_balance_fen"] -= amount
    return desk.save(account)


def create_customer(desk: Desk, params: Params) -> Body:
    """Answer POST /v1/customers."""
    metadata = params.metadata()
    params.ignore("description", "email", "name", "phone")  # never kept: only opaque ids belong here
    params.done()
    return desk.add(
        {
            "id": desk.new_id("cus"),
            "object": "customer",
            "created": desk.now,
            "livemode": False,
            "metadata": metadata,
        }
    )


def retrieve_customer(desk: Desk, params: Params, customer_id: str) -> Body:
    """Answer GET /v1/customers/{id}."""
    params.done()
    return desk.get("customer", customer_id)
