"""A night's caps are kept; keys of links change, large payments wait for a second person."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0020"
down_revision = "0019"

FILES = ("0016_caps_and_payments.sql",)


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
    _keys()
    _requests()


def _keys() -> None:
    for name in ("next_signing_key_sealed", "next_public_key", "former_public_key"):
        op.add_column("link_peer", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column("link_peer", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
    both = "num_nulls(next_public_key, next_signing_key_sealed) <> 1"
    op.create_check_constraint("link_peer_next_key", "link_peer", both)
    op.create_check_constraint(
        "link_peer_former_key", "link_peer", "former_until IS NULL OR former_public_key IS NOT NULL"
    )


def _instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _requests() -> None:
    op.create_table(
        "payment_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("link_id", sa.Uuid(), sa.ForeignKey("ledger_link.id"), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        _instant("asked_at"),
        _instant("expires_at"),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("account.id"), nullable=True),
        _instant("decided_at", nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'rejected', 'expired', 'cancelled')", name="payment_request_state"
        ),
        sa.CheckConstraint("minutes > 0", name="payment_request_minutes"),
        sa.CheckConstraint("decided_by <> asked_by", name="payment_request_second_person"),
        sa.CheckConstraint("state <> 'sent' OR decided_by IS NOT NULL", name="payment_request_decided"),
    )
    op.create_index("ix_payment_request_member_id", "payment_request", ["member_id"])
    waits = sa.text("state = 'pending'")
    op.create_index("payment_request_open", "payment_request", ["district_id"], postgresql_where=waits)
