"""Payments, the webhook inbox, payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _instant(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _recorded(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    _payments()
    _inbox()
    _payouts()
    # the money's book; the hours' branches hang under the same city
    op.execute("SELECT ledger_open_book('city', 'city', NULL)")


def _payments() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        _instant("service_starts_at"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("intent_id", sa.String(), nullable=True),
        sa.Column("intent_state", sa.String(), nullable=True),
        sa.Column("captured_fen", sa.Integer(), nullable=False),
        sa.Column("refunded_fen", sa.Integer(), nullable=False),
        sa.Column("refund_asked_fen", sa.Integer(), nullable=False),
        sa.Column("keep_fen", sa.Integer(), nullable=True),
        _instant("decided_at"),
        sa.Column("captured_early", sa.Boolean(), nullable=False),
        _instant("capture_before_at"),
        sa.Column("action_url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decline_code", sa.String(), nullable=True),
        _instant("created_at", nullable=False),
        sa.CheckConstraint(
            "state IN ('created', 'saved', 'processing', 'action_required', 'authorized', 'captured',"
            " 'canceled', 'failed', 'auth_expired')",
            name="payment_state",
        ),
        sa.CheckConstraint("amount_fen > 0", name="payment_amount"),
        sa.CheckConstraint("captured_fen BETWEEN 0 AND amount_fen", name="payment_captured"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND captured_fen", name="payment_refunded"),
        sa.CheckConstraint("refund_asked_fen BETWEEN 0 AND captured_fen", name="payment_refund_asked"),
        sa.CheckConstraint("keep_fen IS NULL OR keep_fen BETWEEN 0 AND amount_fen", name="payment_keep"),
        sa.CheckConstraint("state <> 'captured' OR captured_fen > 0", name="payment_captured_something"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("booking_id"),
        sa.UniqueConstraint("intent_id"),
    )
    op.create_index(op.f("ix_payment_payer_id"), "payment", ["payer_id"])
    op.create_table(
        "payment_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("gateway_id", sa.String(), nullable=True),
        _recorded("claimed_at"),
        sa.CheckConstraint("kind IN ('authorise', 'capture', 'void', 'refund')", name="payment_step_kind"),
        sa.CheckConstraint("state IN ('claimed', 'done', 'refused')", name="payment_step_state"),
        sa.CheckConstraint("amount_fen > 0", name="payment_step_amount"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "payment_step_open", "payment_step", ["payment_id"], unique=True, postgresql_where=sa.text("state = 'claimed'")
    )
    op.create_index("payment_step_payment", "payment_step", ["payment_id", "kind"])
    op.create_index(op.f("ix_payment_step_gateway_id"), "payment_step", ["gateway_id"])


def _inbox() -> None:
    op.create_table(
        "inbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        _instant("created_at", nullable=False),
        _recorded("received_at"),
        _instant("handled_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "external_id", name="inbox_event_once"),
    )


def _payouts() -> None:
    op.create_table(
        "payout_account",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
        sa.UniqueConstraint("account_id"),
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        _instant("paid_at"),
        _instant("sent_at"),
        _recorded("recorded_at"),
        sa.CheckConstraint("state IN ('pending', 'held', 'sent', 'paid', 'skipped', 'failed')", name="payout_state"),
        sa.CheckConstraint("amount_fen >= 0", name="payout_amount"),
        sa.CheckConstraint("state NOT IN ('sent', 'paid') OR amount_fen > 0", name="payout_sends_something"),
        sa.CheckConstraint("state <> 'paid' OR transfer_id IS NOT NULL", name="payout_paid_by_transfer"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "day", name="payout_provider_day"),
        sa.UniqueConstraint("transfer_id"),
    )
    op.create_index(op.f("ix_payout_provider_id"), "payout", ["provider_id"])
