"""A kitchen cooks so many boxes per sitting and serves some districts."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from marketplace.base.ids import new_id


class Kitchen(SQLModel, table=True):
    """Where boxes are fetched. Capacities are boxes per sitting and day; 0 means the sitting is not cooked."""

    __tablename__ = "kitchen"
    __table_args__ = (
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="kitchen_place"),
        CheckConstraint("lunch_capacity >= 0 AND dinner_capacity >= 0", name="kitchen_capacity"),
        CheckConstraint("cardinality(district_ids) > 0", name="kitchen_districts"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    name: str
    lon: float
    lat: float
    district_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    lunch_capacity: int
    dinner_capacity: int
