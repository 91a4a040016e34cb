"""What people's routes take and give."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.base.actor import Role
from marketplace.base.timebank_rules import Category
from marketplace.people.access import Scope
from marketplace.web.schemas import In, Instant, LonLat, Name, Out, Phone, Text

Gender = Literal["f", "m"]
Ability = Literal["able", "mild", "moderate", "severe"]
Proof = Literal["household_register", "birth_certificate", "marriage_certificate", "community_letter"]
Relation = Literal["spouse", "child", "grandchild", "parent", "sibling", "other"]


class CodeIn(In):
    """Ask for a one-time code."""

    phone: Phone = Field(examples=["19900001234"])


class CodeOut(Out):
    """The code is on its way, if the number has an account. `demo_code` is filled in the demo alone."""

    sent: bool
    demo_code: str | None = None


class SignIn(In):
    """A telephone number with a one-time code, or with a password for staff."""

    phone: Phone = Field(examples=["19900001234"])
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = Field(default=None, examples=["123456"])
    password: Annotated[str, Field(min_length=8, max_length=128)] | None = None


class RefreshIn(In):
    """The newest refresh token of a sign-in."""

    refresh_token: Annotated[str, Field(min_length=20, max_length=100)]


class SignedIn(Out):
    """Tokens: a short access token and the next refresh token."""

    access_token: str
    expires_in_seconds: int
    refresh_token: str
    account_id: UUID
    roles: list[Role]


class Me(Out):
    """The signed-in account."""

    account_id: UUID
    name: str
    roles: list[Role]
    language: str
    region_path: str
    provider_id: UUID | None
    elder_id: UUID | None


class RegionOut(Out):
    """A node of the region tree."""

    id: UUID
    parent_id: UUID | None
    level: str
    code: str
    name_zh: str
    name_en: str
    lon: float
    lat: float


class ElderIn(In):
    """An elder to register."""

    name: Name = Field(examples=["示例·陈阿婆"])
    gender: Gender
    birth_on: date = Field(examples=["1944-05-01"])
    community_id: UUID
    place: LonLat
    address: Annotated[str, Field(min_length=1, max_length=200)] = Field(examples=["示例路 12 号"])
    phone: Phone = Field(examples=["19900004321"])
    identity_number: Annotated[str, Field(pattern=r"^[0-9]{17}[0-9X]$")] | None = None
    access_notes: Text | None = None
    categories: tuple[Category, ...] = ()
    ability: Ability = "able"
    account_id: UUID | None = None


class ElderOut(Out):
    """An elder as those see her who may view; the telephone is masked."""

    id: UUID
    name: str
    gender: str
    birth_on: date
    community_id: UUID
    district_id: UUID
    lon: float
    lat: float
    phone_masked: str
    categories: list[str]
    ability: str
    state: str


class ElderPage(Out):
    """A page of elders."""

    elders: list[ElderOut]
    next_cursor: UUID | None


class GrantIn(In):
    """Let a family member act for an elder."""

    account_id: UUID
    relation: Relation
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    until: Instant | None = None


class GrantOut(Out):
    """A grant."""

    id: UUID
    elder_id: UUID
    account_id: UUID
    relation: str
    scopes: list[str]
    until: datetime | None
    revoked_at: datetime | None
    proved_at: datetime | None = Field(description="when staff made sure of the relation; hours count on no other")


class ProofIn(In):
    """Which paper staff saw."""

    proof: Proof = Field(examples=["household_register"])
