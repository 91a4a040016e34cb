"""Checkout: the one place that knows all tenders: quotes, booking, confirming, cancelling, settling, refunding."""
