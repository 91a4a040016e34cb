"""Payments, the webhook inbox, payouts."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
