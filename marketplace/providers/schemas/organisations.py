"""Organisations and their papers, over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from marketplace.providers.schemas.words import Reason, Title
from marketplace.web.schemas import In, LonLat, Out

ProviderKind = Literal["home_care", "canteen", "day_care", "nursing_home", "clinic"]
CredentialKind = Literal["licence", "food", "fire"]


class ProviderIn(In):
    """An organisation's application."""

    name: Title = Field(examples=["示例居家养老服务中心"])
    kind: ProviderKind = "home_care"
    legal_person_code: Annotated[str, Field(pattern=r"^[0-9A-HJ-NP-RTUW-Y]{18}$")] = Field(
        examples=["52140100MJ0000001P"], description="Unified social credit code, GB 32100-2015."
    )
    district_id: UUID
    place: LonLat


class CredentialIn(In):
    """A paper with its first and last day."""

    kind: CredentialKind
    number: Title = Field(examples=["SX-2026-0001"])
    valid_from: date = Field(examples=["2026-01-01"])
    valid_until: date = Field(examples=["2028-12-31"])


class CredentialCheckIn(In):
    """The officer's finding."""

    accepted: bool
    reason: Reason | None = None


class ReasonIn(In):
    """Why."""

    reason: Reason = Field(examples=["complaint upheld"])


class CredentialOut(Out):
    """A paper."""

    id: UUID
    kind: str
    number: str
    valid_from: date
    valid_until: date
    state: str
    checked_at: datetime | None
    reason: str | None
    lapsed_at: datetime | None


class CreditEventOut(Out):
    """One line of a provider's credit record."""

    id: UUID
    kind: str = Field(examples=["no_show"])
    cause: str = Field(examples=["visit:0195a3f0-0000-7000-8000-000000000001"])
    occurred_at: datetime


class CreditRecord(Out):
    """What a provider did wrong, newest first."""

    provider_id: UUID
    events: list[CreditEventOut]


class Checklist(Out):
    """What onboarding asks for, and what of it is fulfilled today."""

    legal_person: bool
    qualification: bool
    missing_credentials: list[str]
    trained_staff: bool


class RatingOut(Out):
    """The Bayesian mean with its count: a mean without its count says nothing."""

    mean: float = Field(examples=[4.35])
    count: int = Field(examples=[17])


class ProviderOut(Out):
    """An organisation as everybody may see it."""

    id: UUID
    name: str
    kind: str
    district_id: UUID
    lon: float
    lat: float
    state: str
    version: int
    rating: RatingOut


class ProviderPage(Out):
    """A page of organisations."""

    providers: list[ProviderOut]
    next_cursor: UUID | None


class ProviderFile(Out):
    """An organisation as its managers see it, with papers and checklist."""

    provider: ProviderOut
    legal_person_code: str
    checklist: Checklist
    credentials: list[CredentialOut]
