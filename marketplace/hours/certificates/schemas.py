"""What the routes of certificates take and give. All hours are minutes."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.hours.certificates.reading import Status
from marketplace.web.schemas import In, Out

School = Annotated[str, Field(min_length=2, max_length=100, examples=["示例大学"])]
StudentNumber = Annotated[str, Field(min_length=1, max_length=40, examples=["2023001234"])]
Reason = Annotated[str, Field(min_length=2, max_length=200, examples=["学号有误"])]


class CertificateIn(In):
    """Ask for a certificate of a period, both days inclusive; `up_to_minutes`: not of all, of the first so many."""

    since: date = Field(examples=["2026-03-01"])
    until: date = Field(examples=["2026-03-31"])
    school: School | None = Field(default=None, description="must be that of the membership, which is printed")
    student_number: StudentNumber | None = Field(default=None, description="must be that of the membership")
    up_to_minutes: Annotated[int, Field(gt=0, le=10_000_000)] | None = Field(default=None, examples=[2400])


class RevokeIn(In):
    """Why."""

    reason: Reason


class ReissueIn(In):
    """Why. School and number are printed as the membership has them now; told too, they must be the same."""

    reason: Reason
    school: School | None = None
    student_number: StudentNumber | None = None


class CertificateOut(Out):
    """A certificate, for the member and her branch's officers. `spent_minutes` left her account for it."""

    id: UUID
    code: str = Field(examples=["7Q2M-0XTR-94WC-KB5D"])
    address: str = Field(description="where anybody may check it")
    member_id: UUID
    status: Status
    since: date
    until: date
    minutes: dict[str, int] = Field(description="by kind of task", examples=[{"companionship": 1200, "escort": 1200}])
    total_minutes: int = Field(examples=[2400])
    spent_minutes: int = Field(examples=[2400])
    hours_per_credit: int = Field(examples=[40])
    credits: int = Field(examples=[1])
    document_sha256: str
    key_id: str
    replaces: UUID | None
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None


class CertificateList(Out):
    """Certificates."""

    items: list[CertificateOut]


class PublicCertificateOut(Out):
    """What anybody may know: nobody is named. `signed` is the text under `signature` (base64 of Ed25519 over UTF-8)."""

    code: str
    status: Status
    issuer_zh: str
    issuer_en: str
    branch_zh: str
    branch_en: str
    since: date
    until: date
    minutes: dict[str, int] = Field(examples=[{"companionship": 1200, "escort": 1200}])
    total_minutes: int
    hours_per_credit: int
    credits: int
    issued_at: datetime
    revoked_at: datetime | None
    document_sha256: str = Field(description="of the PDF's bytes: compare it with that of the file you were shown")
    key_id: str
    signed: str
    signature: str


class CertificateKeyOut(Out):
    """A key that signs or signed certificates; `public_key` is base64 of 32 bytes."""

    id: str
    algorithm: str = "Ed25519"
    public_key: str
    used_since: datetime


class CertificateKeys(Out):
    """Newest first."""

    items: list[CertificateKeyOut]
