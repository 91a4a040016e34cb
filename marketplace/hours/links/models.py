"""How a partner bank is reached and believed. Balances, limits and relays stand in the ledger (`timebank.links`)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey
from sqlmodel import Field, SQLModel, col

from marketplace.base.database import instant
from timebank.links.models import LedgerLink


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
