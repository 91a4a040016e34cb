"""Every key of a link that was given up is remembered, not the partner's last one alone."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "link_given_up_key",
        sa.Column("link_id", sa.Uuid(), sa.ForeignKey("ledger_link.id"), primary_key=True),
        sa.Column("whose", sa.String(), primary_key=True),
        sa.Column("public_key", sa.LargeBinary(), primary_key=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("whose IN ('ours', 'theirs')", name="link_given_up_key_whose"),
    )
    # when it was is not known: at the latest when the partner was last heard of
    op.execute(
        "INSERT INTO link_given_up_key (link_id, whose, public_key, given_up_at)"
        " SELECT link_id, 'theirs', withdrawn_public_key, coalesce(heard_at, now())"
        " FROM link_peer WHERE withdrawn_public_key IS NOT NULL"
    )
    op.drop_column("link_peer", "withdrawn_public_key")
