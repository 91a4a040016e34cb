"""Leaving with more than one person may give away waits for a second one: orders have a kind for it."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.drop_constraint("transfer_order_kind", "transfer_order")
    op.create_check_constraint(
        "transfer_order_kind",
        "transfer_order",
        "kind IN ('gift', 'donation', 'collection', 'inheritance', 'move', 'leaving', 'pool_grant', 'programme_grant')",
    )
