"""Tables of certificates. A minute is a number within its task, so the database keeps it from being certified twice.

Name, school and student number exist sealed only, as does the document; what anybody may see names nobody.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, column, func, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id
from marketplace.base.states import machine

CERTIFICATE_STEPS = machine(issued="revoked", revoked="")


class CertificateKey(SQLModel, table=True):
    """The public half of a key that signed: kept for good, so that older certificates stay verifiable."""

    __tablename__ = "certificate_key"

    id: str = Field(primary_key=True)
    public_key: bytes
    used_since: datetime = instant()


class Certificate(SQLModel, table=True):
    """`statement` is the signed text, exactly; `spent_minutes` left the member's account with the entry of its id."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("until >= since", name="certificate_period"),
        # where tasks have prices, a minute of service may have earned more than one
        CheckConstraint("total_minutes > 0 AND spent_minutes >= 0", name="certificate_minutes"),
        CheckConstraint("state IN ('issued', 'revoked')", name="certificate_state"),
        CheckConstraint("state <> 'revoked' OR num_nulls(revoked_at, revoked_reason) = 0", name="certificate_ended"),
        Index("certificate_of_branch", "district_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(unique=True)
    member_id: UUID = Field(foreign_key="member.id", index=True)
    district_id: UUID = Field(foreign_key="region.id")
    since: date
    until: date
    minutes: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    total_minutes: int
    spent_minutes: int
    hours_per_credit: int
    credits: int
    holder_sealed: bytes
    document_sealed: bytes
    document_sha256: bytes
    statement: str
    signature: bytes
    key_id: str = Field(foreign_key="certificate_key.id")
    policy: str
    state: str = "issued"
    version: int = 1
    replaces: UUID | None = Field(default=None, foreign_key="certificate.id", unique=True)
    issued_by: UUID | None = Field(default=None, foreign_key="account.id")
    issued_at: datetime = instant()
    revoked_by: UUID | None = Field(default=None, foreign_key="account.id")
    revoked_at: datetime | None = instant(default=None)
    revoked_reason: str | None = None

    @property
    def entry_key(self) -> str:
        """The ledger's name for the entry that took the minutes from the member."""
        return f"certificate:{self.id}"


class CertifiedMinutes(SQLModel, table=True):
    """Minutes [from_minute, until_minute) of a task in one certificate. `freed`: it was revoked, they count no more."""

    __tablename__ = "certified_minutes"
    __table_args__ = (
        CheckConstraint("from_minute >= 0 AND until_minute > from_minute", name="certified_minutes_range"),
        ExcludeConstraint(
            (column("task_id"), "="),
            (func.int4range(column("from_minute"), column("until_minute")), "&&"),
            where=text("NOT freed"),
            using="gist",
            name="certified_once",
        ),
    )

    certificate_id: UUID = Field(primary_key=True, foreign_key="certificate.id")
    task_id: UUID = Field(primary_key=True, foreign_key="task.id")
    from_minute: int = Field(primary_key=True)
    until_minute: int
    freed: bool = False
