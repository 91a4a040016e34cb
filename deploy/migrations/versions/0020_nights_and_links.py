"""A night's caps are kept; keys of links change."""

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0020"
down_revision = "0016"

FILES = ("0014_caps_of_nights.sql",)


def upgrade() -> None:
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
    _keys()


def _keys() -> None:
    for name in ("next_signing_key_sealed", "next_public_key", "former_public_key"):
        op.add_column("link_peer", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column("link_peer", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
    both = "num_nulls(next_public_key, next_signing_key_sealed) <> 1"
    op.create_check_constraint("link_peer_next_key", "link_peer", both)
    op.create_check_constraint(
        "link_peer_former_key", "link_peer", "former_until IS NULL OR former_public_key IS NOT NULL"
    )
