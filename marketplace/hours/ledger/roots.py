"""Daily roots: made each night after the cycle and published, so that nobody rewrites history unseen."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.audit import make_root


@dataclass(frozen=True, slots=True)
class Root:
    """One day's root over the heads of all accounts: 64 hex digits; `leaves` is how many accounts there were."""

    on_day: date
    root: str
    leaves: int
    recorded_at: datetime


_ROOTS = text(
    "SELECT on_day, encode(root, 'hex') AS root, leaves, recorded_at FROM ledger_root"
    " WHERE CAST(:before AS date) IS NULL OR on_day < :before ORDER BY on_day DESC LIMIT :limit"
)


async def roots(tx: AsyncSession, *, before: date | None = None, limit: int) -> list[Root]:
    """The roots of days before `before`, the newest first."""
    return [Root(**row._asdict()) for row in await tx.execute(_ROOTS, {"before": before, "limit": limit})]


async def root_by(tx: AsyncSession, day: date) -> Root | None:
    """The newest root of this day or before."""
    found = await roots(tx, before=day.fromordinal(day.toordinal() + 1), limit=1)
    return found[0] if found else None


async def close_day(tx: AsyncSession, day: date) -> None:
    """Make a day's root, once. Waits for writers under way: call it in a transaction of its own."""
    await make_root(tx, on_day=day)
