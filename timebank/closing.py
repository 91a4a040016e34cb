"""Tables that close a stretch of time: periods, snapshots of the summed legs, daily Merkle roots, nightly cycles.

A closed period takes no entry; a snapshot spares summing clearing legs from the beginning; a root, handed to the
branches, makes any later change of history visible; a cycle settles what the branches owe one another.
"""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

_INSTANT = sa.DateTime(timezone=True)


def _of_cycle() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["city", "unit", "on_day"], ["ledger_cycle.city", "ledger_cycle.unit", "ledger_cycle.on_day"]
    )


class LedgerPeriod(SQLModel, table=True):
    """A closed period of a book: nothing occurs any more from `starts_at` (inclusive) to `ends_at` (exclusive)."""

    __tablename__ = "ledger_period"
    __table_args__ = (sa.CheckConstraint("starts_at < ends_at", name="ledger_period_order"),)
    book: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    starts_at: datetime = Field(primary_key=True, sa_type=_INSTANT)
    ends_at: datetime = Field(sa_type=_INSTANT)
    closed_at: datetime = Field(sa_type=_INSTANT)
    # the clock, not the transaction's start: taken behind the gate it is later than every entry let in before
    recorded_at: datetime = Field(sa_type=_INSTANT, sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})


class LedgerSnapshot(SQLModel, table=True):
    """Sum of one branch's legs of one role and unit over all entries up to and including `upto_entry`."""

    __tablename__ = "ledger_snapshot"
    branch: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    role: str = Field(primary_key=True, sa_type=sa.Text)
    unit: str = Field(primary_key=True, sa_type=sa.Text)
    upto_entry: int = Field(primary_key=True, sa_type=sa.BigInteger)
    amount: int = Field(sa_type=sa.BigInteger)


class LedgerRoot(SQLModel, table=True):
    """The Merkle root over all accounts' chain heads, made once a day and given to the branches."""

    __tablename__ = "ledger_root"
    on_day: date = Field(primary_key=True)
    root: bytes = Field(sa_type=sa.LargeBinary)
    leaves: int = Field(sa_type=sa.BigInteger)
    recorded_at: datetime = Field(sa_type=_INSTANT, sa_column_kwargs={"server_default": sa.func.now()})


class LedgerRootLeaf(SQLModel, table=True):
    """One account's head as it went into a day's root: enough to prove later that a statement was in it."""

    __tablename__ = "ledger_root_leaf"
    on_day: date = Field(primary_key=True, foreign_key="ledger_root.on_day")
    account: UUID = Field(primary_key=True, foreign_key="ledger_account.id")
    version: int = Field(sa_type=sa.BigInteger)
    head: bytes = Field(sa_type=sa.LargeBinary)


class LedgerRootNode(SQLModel, table=True):
    """A node of a day's tree, `level` steps above the leaves, from the left: `first` is the least account under it."""

    __tablename__ = "ledger_root_node"
    # deferred: the root is known, and written, after its nodes
    on_day: date = Field(
        sa_column=sa.Column(
            sa.Date,
            sa.ForeignKey("ledger_root.on_day", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        )
    )
    level: int = Field(primary_key=True, sa_type=sa.Integer)
    place: int = Field(primary_key=True, sa_type=sa.BigInteger)
    node: bytes = Field(sa_type=sa.LargeBinary)
    first: UUID


class LedgerCycle(SQLModel, table=True):
    """A night's netting between the branches of a city, over all entries up to `cut_off`. `entry` settles it."""

    __tablename__ = "ledger_cycle"
    city: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    unit: str = Field(primary_key=True, sa_type=sa.Text)
    on_day: date = Field(primary_key=True)
    cut_off: int = Field(sa_type=sa.BigInteger)
    entry: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key="ledger_entry.id", unique=True)
    ran_at: datetime = Field(sa_type=_INSTANT)
    recorded_at: datetime = Field(sa_type=_INSTANT, sa_column_kwargs={"server_default": sa.func.now()})


class LedgerCycleLine(SQLModel, table=True):
    """One branch in a cycle: gross sums, its debt after settling, its cap, and what the reserve gave (entry `draw`)."""

    __tablename__ = "ledger_cycle_line"
    __table_args__ = (
        _of_cycle(),
        sa.CheckConstraint("drawn >= 0 AND (drawn > 0) = (draw IS NOT NULL)", name="ledger_cycle_line_drawn"),
    )
    city: str = Field(primary_key=True, sa_type=sa.Text)
    unit: str = Field(primary_key=True, sa_type=sa.Text)
    on_day: date = Field(primary_key=True)
    branch: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    owes: int = Field(sa_type=sa.BigInteger)
    is_owed: int = Field(sa_type=sa.BigInteger)
    debt: int = Field(sa_type=sa.BigInteger)
    cap: int | None = Field(default=None, sa_type=sa.BigInteger)
    drawn: int = Field(sa_type=sa.BigInteger)
    draw: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key="ledger_entry.id", unique=True)


class LedgerCyclePartner(SQLModel, table=True):
    """What a branch owes one partner by a cycle's entries, and is owed by it."""

    __tablename__ = "ledger_cycle_partner"
    __table_args__ = (_of_cycle(),)
    city: str = Field(primary_key=True, sa_type=sa.Text)
    unit: str = Field(primary_key=True, sa_type=sa.Text)
    on_day: date = Field(primary_key=True)
    branch: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    partner: str = Field(primary_key=True, sa_type=sa.Text, foreign_key="ledger_book.id")
    owes: int = Field(sa_type=sa.BigInteger)
    is_owed: int = Field(sa_type=sa.BigInteger)
