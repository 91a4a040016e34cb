"""Links to outside banks: their tables and SQL in the ledger, and how the program reaches a partner."""

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0011"
down_revision = "0010"

FILES = ("0009_links.sql",)


def upgrade() -> None:
    _link()
    _relay()
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there
    op.create_table(
        "link_peer",
        sa.Column("link_id", sa.Uuid(), sa.ForeignKey("ledger_link.id"), primary_key=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("signing_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("own_public_key", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
    )


def _link() -> None:
    op.create_table(
        "ledger_link",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("book", sa.Text(), sa.ForeignKey("ledger_book.id"), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("mirror", sa.Uuid(), sa.ForeignKey("ledger_account.id"), nullable=False, unique=True),
        sa.Column("unclaimed", sa.Uuid(), sa.ForeignKey("ledger_account.id"), nullable=False, unique=True),
        sa.Column("our_name", sa.Text(), nullable=False),
        sa.Column("their_name", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in ("their_limit", "balance", "leaving", "sent_height", "received_height")
        ),
        sa.Column("sent_head", sa.LargeBinary(), nullable=False),
        sa.Column("received_head", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'suspended', 'closed')", name="ledger_link_state"),
        sa.CheckConstraint("their_limit >= 0 AND leaving >= 0", name="ledger_link_limits"),
        sa.CheckConstraint("our_name <> their_name", name="ledger_link_names"),
    )
    not_closed = sa.text("state <> 'closed'")
    columns = ["book", "unit", "their_name"]
    op.create_index("ledger_link_partner", "ledger_link", columns, unique=True, postgresql_where=not_closed)


def _relay() -> None:
    op.create_table(
        "ledger_relay",
        sa.Column("link", sa.Uuid(), sa.ForeignKey("ledger_link.id"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("ledger_account.id"), nullable=False),
        sa.Column("excess_to", sa.Uuid(), sa.ForeignKey("ledger_account.id"), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("entry", sa.BigInteger(), sa.ForeignKey("ledger_entry.id"), nullable=True, unique=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("direction IN ('out', 'in')", name="ledger_relay_direction"),
        sa.CheckConstraint("state IN ('prepared', 'committed', 'aborted', 'expired')", name="ledger_relay_state"),
        sa.CheckConstraint("amount > 0", name="ledger_relay_amount"),
        sa.CheckConstraint("(state = 'prepared') = (ended_at IS NULL)", name="ledger_relay_ended"),
        sa.CheckConstraint("state <> 'prepared' OR confirmed_at IS NULL", name="ledger_relay_confirmed"),
        sa.CheckConstraint(
            "num_nulls(seq, decided_at, head, entry) = CASE state WHEN 'committed' THEN 0 ELSE 4 END",
            name="ledger_relay_committed",
        ),
        sa.UniqueConstraint("link", "direction", "seq", name="ledger_relay_seq"),
    )
    in_flight = sa.text("confirmed_at IS NULL")
    op.create_index("ledger_relay_in_flight", "ledger_relay", ["link"], postgresql_where=in_flight)
    op.create_index("ledger_relay_account", "ledger_relay", ["account"])
