"""Nightly cycles of the ledger: their tables, and the SQL that runs them."""

import sqlalchemy as sa
from alembic import op

from timebank.schema import install_sql

revision = "0010"
down_revision = "0009"

FILES = ("0008_cycles.sql",)


def upgrade() -> None:
    op.create_table(
        "ledger_cycle",
        sa.Column("city", sa.Text(), sa.ForeignKey("ledger_book.id"), primary_key=True),
        sa.Column("unit", sa.Text(), primary_key=True),
        sa.Column("on_day", sa.Date(), primary_key=True),
        sa.Column("cut_off", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.BigInteger(), sa.ForeignKey("ledger_entry.id"), nullable=True, unique=True),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_table(
        "ledger_cycle_line",
        *_of_cycle(),
        sa.Column("branch", sa.Text(), sa.ForeignKey("ledger_book.id"), primary_key=True),
        *_gross(),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("draw", sa.BigInteger(), sa.ForeignKey("ledger_entry.id"), nullable=True, unique=True),
        sa.CheckConstraint("drawn >= 0 AND (drawn > 0) = (draw IS NOT NULL)", name="ledger_cycle_line_drawn"),
    )
    op.create_table(
        "ledger_cycle_partner",
        *_of_cycle(),
        sa.Column("branch", sa.Text(), sa.ForeignKey("ledger_book.id"), primary_key=True),
        sa.Column("partner", sa.Text(), sa.ForeignKey("ledger_book.id"), primary_key=True),
        *_gross(),
    )
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there


def _of_cycle() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("city", sa.Text(), primary_key=True),
        sa.Column("unit", sa.Text(), primary_key=True),
        sa.Column("on_day", sa.Date(), primary_key=True),
        sa.ForeignKeyConstraint(
            ["city", "unit", "on_day"], ["ledger_cycle.city", "ledger_cycle.unit", "ledger_cycle.on_day"]
        ),
    ]


def _gross() -> list[sa.Column[int]]:
    return [sa.Column("owes", sa.BigInteger(), nullable=False), sa.Column("is_owed", sa.BigInteger(), nullable=False)]
