"""Students are found without a look at every member: of those who wait for a proof there is a list."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_index("member_students", "member", ["id"], postgresql_where=sa.text("kind = 'student'"))
