"""Figures of branches as they stood on past nights: what the public reads, for summing them anew takes too long."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.base.database import instant


class BranchNight(SQLModel, table=True):
    """A branch's figures at the end of a day."""

    __tablename__ = "branch_night"

    on_day: date = Field(primary_key=True)
    district_id: UUID = Field(primary_key=True, foreign_key="region.id")
    as_of: datetime = instant()
    members: int
    given_minutes: int = Field(sa_type=BigInteger)
    received_minutes: int = Field(sa_type=BigInteger)
    elsewhere_minutes: int = Field(sa_type=BigInteger)
    net_minutes: int = Field(sa_type=BigInteger)
    pool_minutes: int = Field(sa_type=BigInteger)
    stars: list[int] = Field(sa_column=Column(JSONB, nullable=False))
