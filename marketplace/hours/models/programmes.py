"""A programme: an authority's promise to grant hours, up to a ceiling, to elders of certain categories; and, where it
has a budget, to pay providers for hours that are redeemed with them.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Programme(SQLModel, table=True):
    """Issues minutes from an account of its own in the city's book, whose floor is minus the ceiling.

    `district_id` None: the whole city. `categories` are those of elders whom it serves. With a `budget_fen` it pays
    providers for redeemed hours, from an account in fen whose floor is minus that budget.
    """

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("ceiling_minutes >= 0", name="programme_ceiling"),
        CheckConstraint("cardinality(categories) > 0", name="programme_categories"),
        CheckConstraint("valid_until >= valid_from", name="programme_period"),
        CheckConstraint("state IN ('active', 'closed')", name="programme_state"),
        CheckConstraint("budget_fen >= 0", name="programme_budget"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name_zh: str
    name_en: str
    district_id: UUID | None = Field(default=None, foreign_key="region.id", index=True)
    categories: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    ceiling_minutes: int
    valid_from: date
    valid_until: date
    state: str = "active"
    version: int = 1
    budget_fen: int | None = Field(default=None, sa_column=Column(BigInteger))
    authorised_by: UUID | None = Field(default=None, foreign_key="account.id")
    authorised_at: datetime = instant()


class Agreement(SQLModel, table=True):
    """A programme pays the provider of this offer for every hour redeemed with it. One at a time per offer.

    Without one the provider gives: the hours become its own.
    """

    __tablename__ = "redemption_agreement"
    __table_args__ = (
        CheckConstraint("fen_per_hour > 0", name="redemption_agreement_rate"),
        Index("redemption_agreement_open", "offer_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    programme_id: UUID = Field(foreign_key="programme.id", index=True)
    offer_id: UUID = Field(foreign_key="offer.id")
    fen_per_hour: int
    agreed_by: UUID | None = Field(default=None, foreign_key="account.id")
    agreed_at: datetime = instant()
    ended_at: datetime | None = instant(default=None)


class Redemption(SQLModel, table=True):
    """Hours that a programme pays for: what is set aside of its budget for a booking, by the name of its hold of hours.

    The rate is copied: a later agreement does not change what was promised.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        CheckConstraint("minutes > 0 AND fen > 0 AND fen_per_hour > 0", name="redemption_amounts"),
        CheckConstraint("state IN ('held', 'paid', 'released')", name="redemption_state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True)
    agreement_id: UUID = Field(foreign_key="redemption_agreement.id")
    programme_id: UUID = Field(foreign_key="programme.id", index=True)
    fen_per_hour: int
    minutes: int
    fen: int
    state: str = "held"
    version: int = 1
    held_at: datetime = instant()

    @property
    def hold_key(self) -> str:
        """The ledger's name for the money set aside."""
        return f"{self.reference}:money"
