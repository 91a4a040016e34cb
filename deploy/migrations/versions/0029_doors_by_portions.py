"""The people of an import that is taken back are shut out by portions: whom, and who had been let in."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("imported_member", sa.Column("was_in", sa.Boolean(), nullable=True))
    op.execute(  # on its way out everybody is shut out already
        "UPDATE imported_member i SET was_in = true FROM bank_import b"
        " WHERE b.id = i.import_id AND b.state IN ('undoing', 'undo_stopped')"
    )
    op.add_column("bank_import", sa.Column("undo_obstacles", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("bank_import", "undo_obstacles", server_default=None)
