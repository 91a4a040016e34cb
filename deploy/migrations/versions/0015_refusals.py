"""The ledger refuses malformed commands by name, keeps commands beside their answers, and notes when it wrote."""

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0015"
down_revision = "0014"

FILES = ("0011_refusals.sql",)


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
    # now() is when the transaction began, which may be long before, and before entries that it follows
    for table in ("ledger_entry", "ledger_command"):
        op.alter_column(table, "recorded_at", server_default=sa.text("clock_timestamp()"))
