"""How a partner bank is reached and believed. Balances, limits and relays stand in the ledger (`timebank.links`)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel, col

from marketplace.base.database import instant
from timebank.links.models import LedgerLink


class LinkPeer(SQLModel, table=True):
    """One link's partner: its address and public key, both None until they are told; our own key pair for this link.

    `attempts` counts calls in a row that had no answer, `heard_at` is the last that had one.
    """

    __tablename__ = "link_peer"

    link_id: UUID = Field(sa_column=Column(ForeignKey(col(LedgerLink.id)), primary_key=True))
    address: str | None = None
    public_key: bytes | None = None
    signing_key_sealed: bytes
    own_public_key: bytes
    attempts: int = 0
    heard_at: datetime | None = instant(default=None)
    compared_at: datetime | None = instant(default=None)
