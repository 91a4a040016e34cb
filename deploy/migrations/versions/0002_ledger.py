"""The ledger: its tables, then the SQL of the write path from the library's frozen files."""

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0002"
down_revision = "0001"

FILES = (
    "0001_guards.sql",
    "0002_entry_checks.sql",
    "0003_entries.sql",
    "0004_commands.sql",
    "0005_accounts.sql",
    "0006_apply.sql",
    "0007_closing.sql",
)

ROLES = (
    "CASE role WHEN 'account' THEN num_nulls(account, version, balance_after, hash) = 0 AND branch IS NULL"
    " WHEN 'clearing' THEN account IS NULL AND branch = book"
    " WHEN 'settled' THEN account IS NULL AND branch = book"
    " WHEN 'position' THEN account IS NULL AND branch IS NOT NULL AND branch <> book"
    " ELSE false END"
)


def upgrade() -> None:
    create_accounts()
    create_entries()
    create_holds()
    create_closing()
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there


def create_accounts() -> None:
    op.create_table(
        "ledger_book",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.CheckConstraint("(kind = 'city') = (city IS NULL)", name="ledger_book_city"),
        sa.CheckConstraint("kind IN ('branch', 'city')", name="ledger_book_kind"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ledger_book_state"),
        sa.ForeignKeyConstraint(
            ["city"],
            ["ledger_book.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chain_head", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.CheckConstraint("kind <> 'issuance' OR floor IS NOT NULL", name="ledger_account_issuance_ceiling"),
        sa.CheckConstraint(
            "state = 'open' OR (state = 'closed' AND posted = 0 AND held = 0 AND owed = 0)",
            name="ledger_account_closed_at_zero",
        ),
        sa.CheckConstraint("unit IN ('minute', 'fen', 'credit')", name="ledger_account_unit"),
        sa.CheckConstraint("floor IS NULL OR posted - held + owed >= floor", name="ledger_account_floor"),
        sa.CheckConstraint("held >= 0 AND owed >= 0", name="ledger_account_held_owed"),
        sa.ForeignKeyConstraint(
            ["book"],
            ["ledger_book.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ledger_account_book", "ledger_account", ["book", "kind"], unique=False)
    op.create_index("ledger_account_owner", "ledger_account", ["owner"], unique=False)


def create_entries() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("excess", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sealed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("amount >= 0 AND excess >= 0", name="ledger_entry_amounts"),
        sa.CheckConstraint("sealed", name="ledger_entry_sealed"),
        sa.ForeignKeyConstraint(
            ["reverses"],
            ["ledger_entry.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("reverses"),
    )
    op.create_index("ledger_entry_occurred", "ledger_entry", ["occurred_at"], unique=False)
    op.create_index("ledger_entry_reference", "ledger_entry", ["reference"], unique=False)
    op.create_table(
        "ledger_posting",
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=True),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=True),
        sa.Column("partner", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(ROLES, name="ledger_posting_role"),
        sa.CheckConstraint("unit IN ('minute', 'fen', 'credit')", name="ledger_posting_unit"),
        sa.CheckConstraint("amount <> 0", name="ledger_posting_amount"),
        sa.ForeignKeyConstraint(
            ["account"],
            ["ledger_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["book"],
            ["ledger_book.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["ledger_entry.id"],
        ),
        sa.PrimaryKeyConstraint("entry", "leg"),
    )
    op.create_index("ledger_posting_account", "ledger_posting", ["account", "version"], unique=True)
    op.create_index(
        "ledger_posting_clearing",
        "ledger_posting",
        ["entry"],
        unique=False,
        postgresql_where=sa.text("role <> 'account'"),
        postgresql_include=["branch", "role", "unit", "amount"],
    )


def create_holds() -> None:
    op.create_table(
        "ledger_hold",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'captured') = (captured > 0)", name="ledger_hold_captured"),
        sa.CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name="ledger_hold_resolved"),
        sa.CheckConstraint("state IN ('held', 'captured', 'released', 'expired')", name="ledger_hold_state"),
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND captured <= amount", name="ledger_hold_amounts"),
        sa.ForeignKeyConstraint(
            ["account"],
            ["ledger_account.id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "ledger_hold_open",
        "ledger_hold",
        ["account", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_table(
        "ledger_command",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def create_closing() -> None:
    op.create_table(
        "ledger_period",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("starts_at < ends_at", name="ledger_period_order"),
        sa.ForeignKeyConstraint(
            ["book"],
            ["ledger_book.id"],
        ),
        sa.PrimaryKeyConstraint("book", "starts_at"),
    )
    op.create_table(
        "ledger_snapshot",
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("upto_entry", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch"],
            ["ledger_book.id"],
        ),
        sa.PrimaryKeyConstraint("branch", "role", "unit", "upto_entry"),
    )
    op.create_table(
        "ledger_root",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("on_day"),
    )
    op.create_table(
        "ledger_root_leaf",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"],
            ["ledger_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["on_day"],
            ["ledger_root.on_day"],
        ),
        sa.PrimaryKeyConstraint("on_day", "account"),
    )
