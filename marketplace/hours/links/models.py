"""How a partner bank is reached and believed. Balances, limits and relays stand in the ledger (`timebank.links`)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, text
from sqlmodel import Field, SQLModel, col

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine
from timebank.links.models import LedgerLink

Whose = Literal["ours", "theirs"]
REQUEST_STEPS = machine(pending="sent rejected expired cancelled", sent="", rejected="", expired="", cancelled="")


class LinkPeer(SQLModel, table=True):
    """One link's partner: its address and public key, both None until they are told; our own key pair for this link.

    `attempts` counts calls in a row that had no answer, `heard_at` is the last that had one. While keys change
    (`rotating`) `next_public_key` is our new one that the partner has not taken yet, and `former_public_key` the
    partner's old one, believed until `former_until`; without that until it first signs with the new one.
    """

    __tablename__ = "link_peer"
    __table_args__ = (
        CheckConstraint("num_nulls(next_public_key, next_signing_key_sealed) <> 1", name="link_peer_next_key"),
        CheckConstraint("former_until IS NULL OR former_public_key IS NOT NULL", name="link_peer_former_key"),
    )

    link_id: UUID = Field(sa_column=Column(ForeignKey(col(LedgerLink.id)), primary_key=True))
    address: str | None = None
    public_key: bytes | None = None
    signing_key_sealed: bytes
    own_public_key: bytes
    next_signing_key_sealed: bytes | None = None
    next_public_key: bytes | None = None
    former_public_key: bytes | None = None
    former_until: datetime | None = instant(default=None)
    attempts: int = 0
    heard_at: datetime | None = instant(default=None)
    compared_at: datetime | None = instant(default=None)

    def believed_keys(self, now: datetime) -> tuple[bytes, ...]:
        """The partner's keys that count at this moment, the newest first."""
        former = self.former_public_key if self.former_until is None or now < self.former_until else None
        return tuple(key for key in (self.public_key, former) if key is not None)


class GivenUpKey(SQLModel, table=True):
    """A new key of ours or of the partner's that was given up before the other bank took it (`withdrawing`)."""

    __tablename__ = "link_given_up_key"
    __table_args__ = (CheckConstraint("whose IN ('ours', 'theirs')", name="link_given_up_key_whose"),)

    link_id: UUID = Field(sa_column=Column(ForeignKey(col(LedgerLink.id)), primary_key=True))
    whose: str = Field(primary_key=True)
    public_key: bytes = Field(primary_key=True)
    given_up_at: datetime = instant()


class PaymentRequest(SQLModel, table=True):
    """A payment to another bank above the second-person limit. `pending`: its minutes are held, nobody was asked yet.

    Agreed to, it is `sent`: the relay of the same id goes its way. `district_id` is the branch whose officers decide.
    """

    __tablename__ = "payment_request"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'sent', 'rejected', 'expired', 'cancelled')", name="payment_request_state"
        ),
        CheckConstraint("minutes > 0", name="payment_request_minutes"),
        CheckConstraint("decided_by <> asked_by", name="payment_request_second_person"),
        CheckConstraint("state <> 'sent' OR decided_by IS NOT NULL", name="payment_request_decided"),
        Index("payment_request_open", "district_id", postgresql_where=text("state = 'pending'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    link_id: UUID = Field(sa_column=Column(ForeignKey(col(LedgerLink.id)), nullable=False))
    district_id: UUID = Field(foreign_key="region.id")
    member_id: UUID = Field(foreign_key="member.id", index=True)
    account: UUID
    payer: str
    payee: str
    minutes: int
    state: str = "pending"
    version: int = 1
    policy: str
    asked_by: UUID = Field(foreign_key="account.id")
    asked_at: datetime = instant()
    expires_at: datetime = instant()
    decided_by: UUID | None = Field(default=None, foreign_key="account.id")
    decided_at: datetime | None = instant(default=None)
    decision: str | None = None

    @property
    def hold_key(self) -> str:
        """The ledger's name for what is held meanwhile."""
        return f"payment:{self.id}:hold"
