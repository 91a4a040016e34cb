"""By what right somebody acted for a member, what passed a receiver's cap, and suspensions by an officer's hand."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"

ACTED_AS = "num_nulls(on_behalf_of, acted_as) IN (0, 2) AND acted_as IN ('officer', 'family', 'guardian', 'contact')"


def upgrade() -> None:
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
