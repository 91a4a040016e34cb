"""Nights that were run, for whoever may read them: operators and regulators all of it, officers their own branches."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Unknown
from marketplace.hours.books import CITY, MINUTE, book_of
from marketplace.people.models import Region
from timebank import Cycle, find_cycle

READERS = (Role.OPERATOR, Role.REGULATOR, Role.OFFICER)


@dataclass(frozen=True, slots=True)
class Night:
    """One cycle in a list: gross minutes and alerts of the branches that the reader may see."""

    on_day: date
    ran_at: datetime
    branches: int
    owes: int
    is_owed: int
    breached: int
    drawn: int


_NIGHTS = text(
    "SELECT c.on_day, c.ran_at, count(l.branch) AS branches, COALESCE(sum(l.owes), 0)::bigint AS owes,"
    " COALESCE(sum(l.is_owed), 0)::bigint AS is_owed, count(*) FILTER (WHERE l.debt > l.cap) AS breached,"
    " COALESCE(sum(l.drawn), 0)::bigint AS drawn FROM ledger_cycle c LEFT JOIN ledger_cycle_line l"
    " ON (l.city, l.unit, l.on_day) = (c.city, c.unit, c.on_day)"
    " AND (CAST(:branches AS text[]) IS NULL OR l.branch = ANY(:branches))"
    " WHERE c.city = :city AND c.unit = :unit AND (CAST(:before AS date) IS NULL OR c.on_day < :before)"
    " GROUP BY c.on_day, c.ran_at ORDER BY c.on_day DESC LIMIT :limit"
)


async def nights_for(tx: AsyncSession, *, actor: Actor, before: date | None, limit: int) -> list[Night]:
    """Cycles before a day, the newest first."""
    seen = await branches_of(tx, actor)
    asked = {"city": CITY, "unit": MINUTE, "before": before, "limit": limit}
    rows = await tx.execute(_NIGHTS, asked | {"branches": None if seen is None else sorted(seen)})
    return [Night(**row._asdict()) for row in rows]


async def cycle_for(tx: AsyncSession, day: date, *, actor: Actor) -> tuple[Cycle, bool]:
    """A day's cycle as the actor may see it, and whether that is all of it. `Unknown` when none was run."""
    found = await find_cycle(tx, CITY, unit=MINUTE, on_day=day)
    if found is None:
        raise Unknown(what="cycle")
    seen = await branches_of(tx, actor)
    if seen is None:
        return found, True
    return replace(found, lines=tuple(line for line in found.lines if line.branch in seen)), False


async def branches_of(tx: AsyncSession, actor: Actor) -> Collection[str] | None:
    """The branches whose books the actor may read; None: every one."""
    if actor.is_any(Role.OPERATOR, Role.REGULATOR):
        return None
    inside = col(Region.path).startswith(actor.region_path, autoescape=True)
    districts = await tx.scalars(select(col(Region.id)).where(col(Region.level) == "district", inside))
    return {book_of(district) for district in districts}


async def names_of(tx: AsyncSession) -> dict[str, Region]:
    """Districts by the name of their book."""
    found = await tx.scalars(select(Region).where(col(Region.level) == "district"))
    return {book_of(one.id): one for one in found}
