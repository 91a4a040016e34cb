"""A stateful stand-in for Stripe's HTTP API, served alone: `python -m marketplace.payments.simulator`.

It keeps what the platform's correctness leans on (states, sums, keys, signatures, order and loss of webhooks) and
imports nothing of the rest of the marketplace. Money is fen of currency cny; captured money is available at once
and there are no fees. Where Stripe is stricter or slower, the module says so.
"""
