"""Tables of links: one row per outside bank, one per relay. All writing is done by SQL functions (`0009_links.sql`)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

_INSTANT = sa.DateTime(timezone=True)


def _zero() -> int:
    default: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
    return default


class LedgerLink(SQLModel, table=True):
    """An outside bank in one unit. `mirror` is its account in the city's book: above 0 we owe it, below 0 it owes us.

    The limit we grant is minus the mirror's floor. `balance` repeats what relays moved the mirror by, and the mirror
    moves no other way; `leaving` is the sum of outgoing relays that are not decided. Heights and heads are the chains
    of relays sent and received.
    """

    __tablename__ = "ledger_link"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'suspended', 'closed')", name="ledger_link_state"),
        sa.CheckConstraint("their_limit >= 0 AND leaving >= 0", name="ledger_link_limits"),
        sa.CheckConstraint("our_name <> their_name", name="ledger_link_names"),
        # a link that was closed may be followed by another to the same partner
        sa.Index(
            "ledger_link_partner",
            "book",
            "unit",
            "their_name",
            unique=True,
            postgresql_where=sa.text("state <> 'closed'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    book: str = Field(sa_type=sa.Text, foreign_key="ledger_book.id")
    unit: str = Field(sa_type=sa.Text)
    mirror: UUID = Field(foreign_key="ledger_account.id", unique=True)
    unclaimed: UUID = Field(foreign_key="ledger_account.id", unique=True)
    our_name: str = Field(sa_type=sa.Text)
    their_name: str = Field(sa_type=sa.Text)
    their_limit: int = _zero()
    balance: int = _zero()
    leaving: int = _zero()
    sent_height: int = _zero()
    sent_head: bytes = Field(sa_type=sa.LargeBinary)
    received_height: int = _zero()
    received_head: bytes = Field(sa_type=sa.LargeBinary)
    state: str = Field(default="open", sa_type=sa.Text, sa_column_kwargs={"server_default": "open"})
    reason: str | None = Field(default=None, sa_type=sa.Text)
    opened_at: datetime = Field(sa_type=_INSTANT)


class LedgerRelay(SQLModel, table=True):
    """A payment through a link. `account` is the local one: the payer's on the way out, the payee's on the way in.

    In flight until `confirmed_at`: the payer's side knows that the partner knows the end. A committed relay stands on
    its direction's chain at `seq`, and `entry` moved the minutes.
    """

    __tablename__ = "ledger_relay"
    __table_args__ = (
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
        sa.Index("ledger_relay_in_flight", "link", postgresql_where=sa.text("confirmed_at IS NULL")),
        sa.Index("ledger_relay_account", "account"),
    )
    link: UUID = Field(primary_key=True, foreign_key="ledger_link.id")
    id: UUID = Field(primary_key=True)
    direction: str = Field(sa_type=sa.Text)
    account: UUID = Field(foreign_key="ledger_account.id")
    excess_to: UUID | None = Field(default=None, foreign_key="ledger_account.id")
    amount: int = Field(sa_type=sa.BigInteger)
    payer: str = Field(sa_type=sa.Text)
    payee: str = Field(sa_type=sa.Text)
    expires_at: datetime = Field(sa_type=_INSTANT)
    contents: bytes = Field(sa_type=sa.LargeBinary)
    state: str = Field(default="prepared", sa_type=sa.Text, sa_column_kwargs={"server_default": "prepared"})
    reason: str | None = Field(default=None, sa_type=sa.Text)
    seq: int | None = Field(default=None, sa_type=sa.BigInteger)
    decided_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    head: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    entry: int | None = Field(default=None, sa_type=sa.BigInteger, foreign_key="ledger_entry.id", unique=True)
    prepared_at: datetime = Field(sa_type=_INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    confirmed_at: datetime | None = Field(default=None, sa_type=_INSTANT)
