"""In which parts heirs inherit stands on the lines of an inheritance, so that it is divided by them when agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("transfer_line", sa.Column("parts", sa.Integer(), nullable=True))
    op.create_check_constraint("transfer_line_parts", "transfer_line", "parts > 0")
