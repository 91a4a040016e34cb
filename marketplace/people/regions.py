"""The region tree: city, district, street, community, site."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.errors import Malformed
from marketplace.people.models import LEVELS, Region


async def add_region(
    tx: AsyncSession,
    *,
    parent: Region | None,
    level: str,
    code: str,
    name_zh: str,
    name_en: str,
    lon: float,
    lat: float,
) -> Region:
    """A node under `parent`; its level must be the next one down, its code a plain word."""
    above = LEVELS.index(parent.level) if parent else -1
    if level not in LEVELS or LEVELS.index(level) != above + 1:
        raise Malformed(pointer="/level", reason=f"{level} cannot stand here")
    if not code.replace("-", "").isalnum():
        raise Malformed(pointer="/code", reason="a code is letters, digits and hyphens")
    region = Region(
        parent_id=parent.id if parent else None,
        level=level,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        path=f"{parent.path if parent else '/'}{code}/",
        lon=lon,
        lat=lat,
    )
    tx.add(region)
    await tx.flush()
    return region


async def all_regions(tx: AsyncSession) -> list[Region]:
    """The whole tree, ancestors before descendants."""
    return list(await tx.scalars(select(Region).order_by(col(Region.path))))
