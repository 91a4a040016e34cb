"""Test payment methods: tokens that always behave in one way, named as the provider names its own."""

from dataclasses import dataclass

from marketplace.payments.simulator.wire.errors import ApiError, missing

WALLETS = frozenset({"alipay", "wechat_pay"})
KINDS = frozenset({"card"}) | WALLETS


@dataclass(frozen=True, slots=True)
class Instrument:
    """How one token behaves. `decline` is the bank's reason to refuse, None when it agrees."""

    token: str
    kind: str = "card"
    decline: str | None = None
    needs_action: bool = False
    capture_fails: bool = False


INSTRUMENTS = {
    each.token: each
    for each in (
        Instrument("pm_card_visa"),
        Instrument("pm_card_chargeDeclined", decline="generic_decline"),
        Instrument("pm_card_chargeDeclinedInsufficientFunds", decline="insufficient_funds"),
        Instrument("pm_card_authenticationRequired", needs_action=True),
        Instrument("pm_card_captureFails", capture_fails=True),  # the simulator's own
        Instrument("alipay", kind="alipay"),
        Instrument("wechat_pay", kind="wechat_pay"),
    )
}
SENTENCES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "generic_decline": "Your card was declined.",
    "authentication_failed": "The payer did not confirm the payment with the bank.",
}


def instrument(token: str) -> Instrument:
    """Find how a token behaves; ApiError resource_missing for an unknown one."""
    if token not in INSTRUMENTS:
        raise missing("PaymentMethod", token, param="payment_method")
    return INSTRUMENTS[token]


def declined(reason: str, *, charge: str | None, intent: dict[str, object]) -> ApiError:
    """Shape the bank's refusal; what it did to the intent stays."""
    return ApiError(
        402,
        "card_error",
        SENTENCES[reason],
        code="card_declined",
        keeps_effects=True,
        decline_code=reason,
        charge=charge,
        payment_intent=intent,
    )
