"""An offer is a provider's service with published prices. Prices only grow: the database refuses to change one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant
from marketplace.base.ids import new_id


class Offer(SQLModel, table=True):
    """A service by a provider in one tier; a meal names the kitchen that cooks it, nothing else has one.

    With `must_accept` the provider says yes to each booking itself, else a paid booking is confirmed at once.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("tier IN ('free', 'low_cost', 'paid')", name="offer_tier"),
        CheckConstraint("state IN ('open', 'withdrawn')", name="offer_state"),
        CheckConstraint("(service = 'meal') = (kitchen_id IS NOT NULL)", name="offer_kitchen"),
        Index("offer_of_service", "service", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    service: str = Field(foreign_key="service.code")
    tier: str
    kitchen_id: UUID | None = Field(default=None, foreign_key="kitchen.id")
    name_zh: str
    name_en: str
    must_accept: bool = False
    state: str = "open"


class Price(SQLModel, table=True):
    """One published price. `amount` is in `unit` per visit or box; in force is the one that began last (see prices)."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("unit IN ('fen', 'minutes')", name="price_unit"),
        CheckConstraint("amount >= 0", name="price_amount"),
        CheckConstraint("version > 0", name="price_version"),
        CheckConstraint("valid_from >= published_at", name="price_not_backdated"),
        UniqueConstraint("offer_id", "version", name="price_once"),
        Index("price_in_force", "offer_id", "unit", "valid_from"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    offer_id: UUID = Field(foreign_key="offer.id")
    version: int
    unit: str
    amount: int
    valid_from: datetime = instant()
    published_at: datetime = instant()
    published_by: UUID | None = Field(default=None, foreign_key="account.id")
