"""Tables of the ledger.

Books hold accounts; an entry moves amounts between accounts by signed postings that sum to zero in every book and
unit. Clearing, settled and position legs have no account row (they would be hot rows): they are postings with `role`
and `branch` only and are summed. All writing is done by SQL functions (`timebank/sql`).
Units: minutes, fen or credits as the account says; all integers.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

_INSTANT = sa.DateTime(timezone=True)


class LedgerBook(SQLModel, table=True):
    """One branch's book, or the city's, which mirrors the branches' clearing; `city` is null on the latter only."""

    __tablename__ = "ledger_book"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('branch', 'city')", name="ledger_book_kind"),
        sa.CheckConstraint("(kind = 'city') = (city IS NULL)", name="ledger_book_city"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ledger_book_state"),
    )
    id: str = Field(primary_key=True, sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    city: str | None = Field(default=None, sa_type=sa.Text, foreign_key="ledger_book.id")
    state: str = Field(default="open", sa_type=sa.Text, sa_column_kwargs={"server_default": "open"})


class LedgerAccount(SQLModel, table=True):
    """A balance: `posted - held + owed >= floor`, where `owed` is a shortfall that a reversal left below the floor.

    An issuance's floor is minus its authorised ceiling; it always has one. Triggers see to this, to the units, to held
    and owed from 0 on, and to a closed account's zero.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        sa.CheckConstraint("posted - held + owed >= floor", name="ledger_account_floor"),
        sa.Index("ledger_account_owner", "owner"),
        sa.Index("ledger_account_book", "book", "kind"),
        {"postgresql_with": {"fillfactor": "70"}},  # balances are updated in place (HOT)
    )
    id: UUID = Field(primary_key=True)
    book: str = Field(sa_type=sa.Text, foreign_key="ledger_book.id")
    unit: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    owner: str | None = Field(default=None, sa_type=sa.Text)
    floor: int | None = Field(default=0, sa_type=sa.BigInteger)
    cap: int | None = Field(default=None, sa_type=sa.BigInteger)
    posted: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    held: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    owed: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    version: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    chain_head: bytes = Field(sa_type=sa.LargeBinary)
    state: str = Field(default="open", sa_type=sa.Text, sa_column_kwargs={"server_default": "open"})


class LedgerEntry(SQLModel, table=True):
    """One balanced movement. `amount` is what reached its destinations, `excess` what a cap sent to a pool instead."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id", name="ledger_entry_pkey", postgresql_include=["occurred_at", "recorded_at"]),
        sa.Index("ledger_entry_reference", "reference"),
        sa.Index("ledger_entry_reverses", "reverses", unique=True, postgresql_where=sa.text("reverses IS NOT NULL")),
    )
    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True)))
    key: str = Field(sa_type=sa.Text, unique=True)
    payload_hash: bytes = Field(sa_type=sa.LargeBinary)
    kind: str = Field(sa_type=sa.Text)
    reference: str = Field(sa_type=sa.Text)
    occurred_at: datetime = Field(sa_type=_INSTANT)
    # under the accounts' locks and by the clock, not the transaction's start: the order of an account's chain
    recorded_at: datetime = Field(sa_type=_INSTANT, sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})
    reverses: int | None = Field(default=None, sa_type=sa.BigInteger)
    amount: int = Field(sa_type=sa.BigInteger)
    excess: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    sealed: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    digest: bytes = Field(sa_type=sa.LargeBinary)


class LedgerPosting(SQLModel, table=True):
    """One signed leg. An account's leg has version, balance_after and hash; the other roles have a branch instead.

    A statement trigger judges all legs of an entry at once, in the place of CHECKs and foreign keys (decision 0022).
    """

    __tablename__ = "ledger_posting"
    __table_args__ = (
        sa.Index("ledger_posting_account", "account", "version", unique=True, postgresql_include=["entry", "amount"]),
        sa.Index(
            "ledger_posting_clearing",
            "entry",
            postgresql_where=sa.text("role <> 'account'"),
            postgresql_include=["branch", "role", "unit", "amount"],
        ),
    )
    entry: int = Field(sa_type=sa.BigInteger, primary_key=True)
    leg: int = Field(sa_type=sa.Integer, primary_key=True)
    role: str = Field(sa_type=sa.Text)
    account: UUID | None = None
    book: str = Field(sa_type=sa.Text)
    unit: str = Field(sa_type=sa.Text)
    branch: str | None = Field(default=None, sa_type=sa.Text)
    partner: str | None = Field(default=None, sa_type=sa.Text)
    amount: int = Field(sa_type=sa.BigInteger)
    version: int | None = Field(default=None, sa_type=sa.BigInteger)
    balance_after: int | None = Field(default=None, sa_type=sa.BigInteger)
    hash: bytes | None = Field(default=None, sa_type=sa.LargeBinary)


class LedgerHold(SQLModel, table=True):
    """An amount set aside on its giver's account, nothing posted. Resolved once: captured, released or expired."""

    __tablename__ = "ledger_hold"
    __table_args__ = (
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND captured <= amount", name="ledger_hold_amounts"),
        sa.CheckConstraint("state IN ('held', 'captured', 'released', 'expired')", name="ledger_hold_state"),
        sa.CheckConstraint("(state = 'captured') = (captured > 0)", name="ledger_hold_captured"),
        sa.CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name="ledger_hold_resolved"),
        sa.Index("ledger_hold_open", "account", "expires_at", postgresql_where=sa.text("state = 'held'")),
    )
    key: str = Field(primary_key=True, sa_type=sa.Text)
    account: UUID = Field(foreign_key="ledger_account.id")
    amount: int = Field(sa_type=sa.BigInteger)
    captured: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    held_at: datetime = Field(sa_type=_INSTANT)
    expires_at: datetime = Field(sa_type=_INSTANT)
    resolved_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    state: str = Field(default="held", sa_type=sa.Text, sa_column_kwargs={"server_default": "held"})
    reference: str = Field(sa_type=sa.Text)


class LedgerCommand(SQLModel, table=True):
    """Key, answer and (under `command` in the answer) text of a command without entry: hold, release, open, limits …"""

    __tablename__ = "ledger_command"
    key: str = Field(primary_key=True, sa_type=sa.Text)
    payload_hash: bytes = Field(sa_type=sa.LargeBinary)
    answer: str = Field(sa_type=sa.Text)
    recorded_at: datetime = Field(sa_type=_INSTANT, sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})
