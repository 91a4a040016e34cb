"""The ledger's write path, measured and rebuilt: judged by two statement triggers, foreign keys of legs given up."""

from alembic import op

from timebank.schema import install_sql

revision = "0016"
down_revision = "0015"

FILES = ("0012_write_path.sql",)


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
