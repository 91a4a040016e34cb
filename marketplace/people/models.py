"""Tables of people. Telephone and identity numbers, addresses and notes exist only sealed (see base.crypto)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id

LEVELS = ("city", "district", "street", "community", "site")


def texts() -> Any:
    """A column holding a list of short words."""
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))


class Region(SQLModel, table=True):
    """A node of the five-level tree. `path` begins with every ancestor's path, so a subtree is a prefix."""

    __tablename__ = "region"
    __table_args__ = (
        CheckConstraint("level IN ('city', 'district', 'street', 'community', 'site')", name="region_level"),
        Index("region_path", "path", unique=True, postgresql_ops={"path": "text_pattern_ops"}),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    parent_id: UUID | None = Field(default=None, foreign_key="region.id", index=True)
    level: str
    code: str
    name_zh: str
    name_en: str
    path: str
    lon: float
    lat: float


class Account(SQLModel, table=True):
    """Somebody who can sign in. Staff act within `region_id`'s subtree, provider people for `provider_id`."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("state IN ('active', 'closed')", name="account_state"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    phone_sealed: bytes
    phone_hash: bytes = Field(unique=True)
    password_hash: str | None = None
    roles: list[str] = texts()
    region_id: UUID | None = Field(default=None, foreign_key="region.id")
    provider_id: UUID | None = Field(default=None, index=True)
    language: str = "zh"
    state: str = "active"


class SignInCode(SQLModel, table=True):
    """A one-time code on its way to a telephone: five minutes, five tries."""

    __tablename__ = "sign_in_code"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    code_sealed: bytes
    expires_at: datetime = instant()
    tries: int = 0
    used_at: datetime | None = instant(default=None)
    recorded_at: datetime = instant()


class RefreshToken(SQLModel, table=True):
    """One link of a sign-in's chain of refresh tokens; the chain ends when a used one is shown again."""

    __tablename__ = "refresh_token"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    family_id: UUID = Field(index=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    token_hash: bytes = Field(unique=True)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)


class Elder(SQLModel, table=True):
    """The care recipient."""

    __tablename__ = "elder"
    __table_args__ = (
        CheckConstraint("gender IN ('f', 'm')", name="elder_gender"),
        CheckConstraint("ability IN ('able', 'mild', 'moderate', 'severe')", name="elder_ability"),
        CheckConstraint("state IN ('active', 'paused', 'closed')", name="elder_state"),
        UniqueConstraint("identity_hash"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID | None = Field(default=None, foreign_key="account.id", unique=True)
    name: str
    gender: str
    birth_on: date
    community_id: UUID = Field(foreign_key="region.id", index=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    lon: float
    lat: float
    address_sealed: bytes
    phone_sealed: bytes
    phone_hash: bytes = Field(index=True)
    identity_sealed: bytes | None = None
    identity_hash: bytes | None = None
    access_notes_sealed: bytes | None = None
    categories: list[str] = texts()
    ability: str = "able"
    state: str = "active"


class FamilyGrant(SQLModel, table=True):
    """An elder lets a family member act: which scopes, until when. Ended by `revoked_at`.

    `relation` is what was said; it is proved once staff saw a `proof` of it: nothing that costs hours counts on less.
    """

    __tablename__ = "family_grant"
    __table_args__ = (CheckConstraint("(proof IS NULL) = (proved_at IS NULL)", name="family_grant_proof"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    elder_id: UUID = Field(foreign_key="elder.id", index=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    scopes: list[str] = texts()
    relation: str
    until: datetime | None = instant(default=None)
    granted_by: UUID | None = None
    revoked_at: datetime | None = instant(default=None)
    proof: str | None = None
    proved_by: UUID | None = None
    proved_at: datetime | None = instant(default=None)


class Access(SQLModel, table=True):
    """The one relation table: this account may see this elder in this scope, from, until, because of that."""

    __tablename__ = "access"
    __table_args__ = (
        UniqueConstraint("elder_id", "account_id", "scope", "because"),
        Index("access_account", "account_id", "scope"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    elder_id: UUID = Field(foreign_key="elder.id")
    account_id: UUID = Field(foreign_key="account.id")
    scope: str
    since: datetime = instant()
    until: datetime | None = instant(default=None)
    because: str = Field(index=True)
