"""The ledger's write path once more: a typed door for one transfer, many posts as a set, judges that ask less."""

from alembic import op

from timebank.schema import install_sql

revision = "0017"
down_revision = "0016"

FILES = ("0013_transfers.sql", "0014_judges.sql", "0015_batches.sql")


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
