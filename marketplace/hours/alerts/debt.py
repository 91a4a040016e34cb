"""The alert of a branch that owes the others more than its cap, by the cycle of a night."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.books import CITY, MINUTE, book_of
from timebank import find_cycle


async def debt_above_cap(tx: AsyncSession, district_id: UUID, day: date, *, now: datetime) -> None:
    """Open the branch's alert, or renew it, by the cycle of a day; each night counts once."""
    cycle = await find_cycle(tx, CITY, unit=MINUTE, on_day=day)
    line = next((one for one in cycle.lines if one.branch == book_of(district_id)), None) if cycle else None
    if line is None or not line.breached:
        return
    figures = {"debt_minutes": line.debt, "cap_minutes": line.cap, "drawn_minutes": line.drawn}
    await raise_alert(
        tx,
        "debt_above_cap",
        district_id,
        cause=day.isoformat(),
        figures=figures,
        district_id=district_id,
        day=day,
        now=now,
    )
