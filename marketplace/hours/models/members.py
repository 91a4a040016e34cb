"""A member: a person or a provider with an account in one branch's book.

An elder who signs in is one member, not two: her row names both the elder and the account.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Member(SQLModel, table=True):
    """`ledger_account` is the account in the home branch's book; `performer_id` is set for who may take tasks.

    `excess_to` is the pool that she chose for what passes her caps; None: the first that the rule set names.
    """

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("kind IN ('individual', 'elder', 'provider')", name="member_kind"),
        CheckConstraint("(kind = 'elder') = (elder_id IS NOT NULL)", name="member_elder"),
        CheckConstraint("(kind = 'provider') = (provider_id IS NOT NULL)", name="member_provider"),
        CheckConstraint("kind <> 'individual' OR account_id IS NOT NULL", name="member_individual"),
        CheckConstraint("state IN ('active', 'suspended', 'left')", name="member_state"),
        CheckConstraint("excess_to IN ('branch', 'city')", name="member_excess"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    account_id: UUID | None = Field(default=None, foreign_key="account.id", unique=True)
    elder_id: UUID | None = Field(default=None, foreign_key="elder.id", unique=True)
    provider_id: UUID | None = Field(default=None, foreign_key="provider.id", unique=True)
    district_id: UUID = Field(foreign_key="region.id", index=True)
    performer_id: UUID | None = Field(default=None, foreign_key="performer.id", unique=True)
    ledger_account: UUID = Field(unique=True)
    state: str = "active"
    version: int = 1
    joined_at: datetime = instant()
    excess_to: str | None = None
