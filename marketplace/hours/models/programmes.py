"""A programme: an authority's promise to grant hours, up to a ceiling, to elders of certain categories."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Programme(SQLModel, table=True):
    """Issues minutes from an account of its own in the city's book, whose floor is minus the ceiling.

    `district_id` None: the whole city. `categories` are those of elders whom it serves.
    """

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("ceiling_minutes >= 0", name="programme_ceiling"),
        CheckConstraint("cardinality(categories) > 0", name="programme_categories"),
        CheckConstraint("valid_until >= valid_from", name="programme_period"),
        CheckConstraint("state IN ('active', 'closed')", name="programme_state"),
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
    authorised_by: UUID | None = Field(default=None, foreign_key="account.id")
    authorised_at: datetime = instant()
