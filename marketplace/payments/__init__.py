"""Money from outside: cards and wallets are held, captured and refunded; providers are paid by transfers.

The payment provider is spoken to through `gateway` alone, and `simulator` stands in for it over real HTTP.
"""
