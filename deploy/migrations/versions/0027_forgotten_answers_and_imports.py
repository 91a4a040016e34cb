"""Answers under idempotency keys are found by their age, to be forgotten; an import tells how often it was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_index("idempotency_key_recorded", "idempotency_key", ["recorded_at"])
    op.add_column("bank_import", sa.Column("begun", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("bank_import", "begun", server_default=None)
