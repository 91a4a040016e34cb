"""Loading the catalogue from its data file, and reading it."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.errors import Unknown
from marketplace.catalogue.models import Service

ServiceCode = Literal["meal", "bath", "cleaning", "escort", "medical", "emergency"]
Skill = Literal["meal", "bath", "cleaning", "escort", "medical", "emergency"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: ServiceCode
    name_zh: str
    name_en: str
    service_seconds: Annotated[int, Field(ge=60, le=28_800)]
    skills: Annotated[list[Skill], Field(min_length=1)]
    crew_size: Annotated[int, Field(ge=1, le=4)]
    priority: Annotated[int, Field(ge=1, le=100)]
    at_home: bool
    gender_match: bool
    basic: bool


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(gt=0)]
    service: list[_Entry]


def read_catalogue() -> _Catalogue:
    """The data file, checked; a pydantic error names what is wrong in it."""
    return _Catalogue.model_validate(
        tomllib.loads((files("marketplace.catalogue") / "services.toml").read_text("utf-8"))
    )


async def load_services(tx: AsyncSession) -> None:
    """Write the data file's services. Loading again changes nothing; an older file never overwrites a newer one."""
    catalogue = read_catalogue()
    rows = [entry.model_dump() | {"version": catalogue.version} for entry in catalogue.service]
    write = insert(Service)
    changed = {name: write.excluded[name] for name in rows[0] if name != "code"}
    await tx.execute(
        write.on_conflict_do_update(
            index_elements=["code"], set_=changed, where=col(Service.version) < write.excluded.version
        ),
        rows,
    )


async def all_services(tx: AsyncSession) -> list[Service]:
    """The whole catalogue, the most urgent help first."""
    return list(await tx.scalars(select(Service).order_by(col(Service.priority).desc(), col(Service.code))))


async def service_by_code(tx: AsyncSession, code: str) -> Service:
    """One service; `Unknown` when the catalogue has none of that code."""
    found = await tx.get(Service, code)
    if found is None:
        raise Unknown(pointer="/service", what="service")
    return found
