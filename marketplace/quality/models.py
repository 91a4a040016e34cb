"""What was said of a booking that was served: stars, and words that only those concerned may read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Rating(SQLModel, table=True):
    """One per booking. The comment is sealed under the elder's key: people write names and numbers into such fields."""

    __tablename__ = "rating"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="rating_stars"),
        UniqueConstraint("booking_id", name="rating_once"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    elder_id: UUID = Field(foreign_key="elder.id")
    rated_by: UUID = Field(foreign_key="account.id")
    stars: int
    comment_sealed: bytes | None = None
    rated_at: datetime = instant()
