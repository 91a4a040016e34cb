"""By what right somebody acted for a member, what passed a receiver's cap, and suspensions by an officer's hand."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

ACTED_AS = "num_nulls(on_behalf_of, acted_as) IN (0, 2) AND acted_as IN ('officer', 'family', 'guardian', 'contact')"

INCIDENT = {
    "incident_kind": "kind IN ('no_show', 'malice', 'suspension')",
    "incident_state": "state IN ('standing', 'appealed', 'upheld', 'struck_out', 'lifted')",
    "incident_appeal": "state IN ('standing', 'lifted') OR num_nulls(appeal, appealed_at) = 0",
    "incident_lifted": "state <> 'lifted' OR num_nulls(lifted_by, lifted_at, lift_reason) = 0",
    "incident_suspension": "kind = 'suspension' OR (suspends_until IS NULL AND state <> 'lifted')",
}


def upgrade() -> None:
    _proxies()
    _suspensions()


def _proxies() -> None:
    for table in ("transfer_order", "transfer_schedule"):
        op.add_column(table, sa.Column("acted_as", sa.String()))
        # until now nobody but officers acted for others
        op.execute(f"UPDATE {table} SET acted_as = 'officer' WHERE on_behalf_of IS NOT NULL")  # noqa: S608 - names above
        op.create_check_constraint(f"{table}_acted_as", table, ACTED_AS)
    op.add_column("transfer_order", sa.Column("excess_minutes", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("transfer_order", "excess_minutes", server_default=None)
    op.execute(
        "UPDATE transfer_order SET excess_minutes = entry.excess FROM ledger_entry entry"
        " WHERE entry.key = 'order:' || transfer_order.id AND entry.excess > 0"
    )
    op.create_check_constraint("transfer_order_excess", "transfer_order", "excess_minutes BETWEEN 0 AND minutes")


def _suspensions() -> None:
    op.add_column("incident", sa.Column("suspends_until", sa.DateTime(timezone=True)))
    op.add_column("incident", sa.Column("lifted_by", sa.Uuid(), sa.ForeignKey("account.id")))
    op.add_column("incident", sa.Column("lifted_at", sa.DateTime(timezone=True)))
    op.add_column("incident", sa.Column("lift_reason", sa.String()))
    for name, condition in INCIDENT.items():
        op.execute(f"ALTER TABLE incident DROP CONSTRAINT IF EXISTS {name}")
        op.create_check_constraint(name, "incident", condition)
