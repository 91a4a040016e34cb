"""Which request is answered by which function: the whole API on one page."""

import re
from collections.abc import Callable

from marketplace.payments.simulator import control
from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects import (
    accounts,
    balance,
    charges,
    events,
    payment_intents,
    refunds,
    transfers,
)

Answerer = Callable[..., Body]  # (desk, params, *ids of the path)

API: dict[str, Answerer] = {
    "POST /v1/payment_intents": payment_intents.create,
    "GET /v1/payment_intents": payment_intents.listing,
    "GET /v1/payment_intents/{id}": payment_intents.retrieve,
    "POST /v1/payment_intents/{id}/confirm": payment_intents.confirm,
    "POST /v1/payment_intents/{id}/capture": payment_intents.capture,
    "POST /v1/payment_intents/{id}/cancel": payment_intents.cancel,
    "GET /v1/charges": charges.listing,
    "GET /v1/charges/{id}": charges.retrieve,
    "POST /v1/refunds": refunds.create,
    "GET /v1/refunds": refunds.listing,
    "GET /v1/refunds/{id}": refunds.retrieve,
    "POST /v1/accounts": accounts.create,
    "GET /v1/accounts/{id}": accounts.retrieve,
    "POST /v1/customers": accounts.create_customer,
    "GET /v1/customers/{id}": accounts.retrieve_customer,
    "POST /v1/transfers": transfers.create,
    "GET /v1/transfers": transfers.listing,
    "GET /v1/transfers/{id}": transfers.retrieve,
    "POST /v1/transfers/{id}/reversals": transfers.reverse,
    "GET /v1/transfers/{id}/reversals": transfers.list_reversals,
    "GET /v1/balance": balance.retrieve,
    "GET /v1/balance_transactions": balance.listing,
    "GET /v1/balance_transactions/{id}": balance.retrieve_transaction,
    "GET /v1/events": events.listing,
    "GET /v1/events/{id}": events.retrieve,
    # the simulator's own, played by the payer, the payer's bank and the provider's bank
    "POST /_simulator/payment_intents/{id}/authenticate": payment_intents.authenticate,
    "POST /_simulator/refunds/{id}/settle": refunds.settle,
    "POST /_simulator/accounts/{id}/payout": accounts.pay_out,
}
CONTROL: dict[str, Callable[[Desk, bytes], Body]] = {
    "GET /_simulator/switches": control.read_switches,
    "POST /_simulator/switches": control.change_switches,
    "GET /_simulator/clock": control.read_clock,
    "POST /_simulator/clock": control.advance_clock,
    "GET /_simulator/summary": control.summary,
}
_PATTERNS = [
    (re.compile(re.sub(r"\{id\}", r"([A-Za-z0-9_]{1,64})", address)), answerer) for address, answerer in API.items()
]


def find(method: str, path: str) -> tuple[Answerer, tuple[str, ...]] | None:
    """Find who answers an API request, and the ids in its path."""
    for pattern, answerer in _PATTERNS:
        if match := pattern.fullmatch(f"{method} {path}"):
            return answerer, match.groups()
    return None
