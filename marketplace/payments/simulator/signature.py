"""Webhook signatures as the provider makes them: `t=UNIX,v1=HEX`, HMAC-SHA256 over `t.` and the raw body."""

import hashlib
import hmac


def sign(body: bytes, secret: str, at_seconds: int) -> str:
    """Make the Stripe-Signature header; the time is wall time, whatever the test clock says."""
    digest = hmac.new(secret.encode(), b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"
