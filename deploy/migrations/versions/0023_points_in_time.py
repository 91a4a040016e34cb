"""Balances at a point in time and statements are read from two indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

REFERRING = (("ledger_cycle", "entry"), ("ledger_cycle_line", "draw"), ("ledger_relay", "entry"))


def upgrade() -> None:
    op.drop_index("ledger_posting_account", "ledger_posting")
    op.create_index(
        "ledger_posting_account",
        "ledger_posting",
        ["account", "version"],
        unique=True,
        postgresql_include=["entry", "amount"],
    )
    for table, column in REFERRING:
        op.drop_constraint(f"{table}_{column}_fkey", table)
    op.drop_constraint("ledger_entry_pkey", "ledger_entry")
    op.get_bind().execute(
        sa.text(
            "ALTER TABLE ledger_entry"
            " ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (id) INCLUDE (occurred_at, recorded_at)"
        )
    )
    for table, column in REFERRING:
        op.create_foreign_key(f"{table}_{column}_fkey", table, "ledger_entry", [column], ["id"])
