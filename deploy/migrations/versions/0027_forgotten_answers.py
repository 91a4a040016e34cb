"""Answers under idempotency keys are found by their age, to be forgotten."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_index("idempotency_key_recorded", "idempotency_key", ["recorded_at"])
