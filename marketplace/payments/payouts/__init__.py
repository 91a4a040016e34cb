"""Paying providers: what they earned accrues in the ledger and goes out as one transfer per provider and day."""

from marketplace.payments.payouts.accrual import schedule

__all__ = ["schedule"]
