"""A night's caps are kept."""

from alembic import op

from timebank.schema import install_sql

revision = "0020"
down_revision = "0016"

FILES = ("0014_caps_of_nights.sql",)


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
