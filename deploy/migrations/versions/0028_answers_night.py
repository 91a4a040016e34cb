"""Answers to old requests have a night of their own, with or without a branch of the time bank: its first timer."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(
        "INSERT INTO timer (id, rule, entity_id, due_at)"
        " VALUES (gen_random_uuid(), 'answers.due', '8c0f4a3e-52d7-5b7e-9d0e-6f1b7a2c4e55', now())"
    )
