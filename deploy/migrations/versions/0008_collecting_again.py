"""Refunds that may fail later, and collecting again what a card did not pay."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("payment", sa.Column("next_method", sa.String(), nullable=True))
    op.add_column("payment", sa.Column("past_intents", ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("payment", sa.Column("retries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("payment", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment", sa.Column("refund_stopped_fen", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint("payment_refund_stopped", "payment", "refund_stopped_fen >= 0")
    op.create_check_constraint("payment_retries", "payment", "retries >= 0")
    op.create_index(
        "payment_unpaid",
        "payment",
        ["id"],
        postgresql_where=sa.text("state IN ('failed', 'canceled', 'auth_expired', 'action_required') AND keep_fen > 0"),
    )
    _refunds()


def _refunds() -> None:
    # Refunds made before are found when their payment is next fetched: the sums on the payment stand until then.
    op.create_table(
        "payment_refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("gateway_id", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retried_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name="payment_refund_state"),
        sa.CheckConstraint("amount_fen > 0", name="payment_refund_amount"),
        sa.CheckConstraint("(state = 'failed') = (failed_at IS NOT NULL)", name="payment_refund_failed"),
        sa.CheckConstraint("retried_at IS NULL OR state = 'failed'", name="payment_refund_retried"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway_id"),
    )
    op.create_index(op.f("ix_payment_refund_payment_id"), "payment_refund", ["payment_id"])
    op.create_index(
        "payment_refund_open",
        "payment_refund",
        ["payment_id"],
        postgresql_where=sa.text("state = 'failed' AND retried_at IS NULL"),
    )
