"""The catalogue's table: what each of the six helps is and needs, the same for every provider."""

from sqlalchemy import CheckConstraint, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class Service(SQLModel, table=True):
    """One help. A crew of `crew_size` people, each with all `skills`, stays `service_seconds`.

    `gender_match`: the caregiver has the elder's gender. `version` is the catalogue's when this was last written.
    """

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint("code IN ('meal', 'bath', 'cleaning', 'escort', 'medical', 'emergency')", name="service_code"),
        CheckConstraint("service_seconds BETWEEN 60 AND 28800", name="service_duration"),
        CheckConstraint("crew_size BETWEEN 1 AND 4", name="service_crew"),
        CheckConstraint("priority BETWEEN 1 AND 100", name="service_priority"),
    )

    code: str = Field(primary_key=True)
    name_zh: str
    name_en: str
    service_seconds: int
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    crew_size: int
    priority: int
    at_home: bool
    gender_match: bool
    basic: bool
    version: int
