"""What the catalogue's routes give."""

from pydantic import Field

from marketplace.web.schemas import Out


class ServiceOut(Out):
    """One of the six helps and what it needs."""

    code: str = Field(examples=["bath"])
    name_zh: str = Field(examples=["助浴"])
    name_en: str = Field(examples=["Bath"])
    service_seconds: int = Field(examples=[3600])
    skills: list[str] = Field(examples=[["bath"]])
    crew_size: int = Field(examples=[2])
    priority: int = Field(examples=[70])
    at_home: bool
    gender_match: bool
    basic: bool


class CatalogueOut(Out):
    """The catalogue in force."""

    version: int = Field(examples=[1])
    services: list[ServiceOut]
