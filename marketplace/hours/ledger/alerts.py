"""Alerts of debt: opened and renewed by the night's messages, closed by an operator who says what was done."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.hours.books import CITY, MINUTE, book_of
from marketplace.hours.ledger.cycles import branches_of
from marketplace.hours.ledger.models import ALERT_STEPS, DebtAlert
from timebank import find_cycle


async def raise_alert(tx: AsyncSession, district_id: UUID, day: date, *, now: datetime) -> None:
    """Open the branch's alert, or renew the open one, by the cycle of a day. The same day twice counts once."""
    cycle = await find_cycle(tx, CITY, unit=MINUTE, on_day=day)
    line = next((one for one in cycle.lines if one.branch == book_of(district_id)), None) if cycle else None
    if line is None or not line.breached:
        return
    figures = {"debt_minutes": line.debt, "drawn_minutes": line.drawn, "last_on": day}
    row = insert(DebtAlert).values(
        id=new_id(), district_id=district_id, since=day, nights=1, state="open", version=1, opened_at=now, **figures
    )
    newer = row.on_conflict_do_update(
        index_elements=["district_id"],
        index_where=col(DebtAlert.state) == "open",
        set_={**figures, "nights": col(DebtAlert.nights) + 1, "version": col(DebtAlert.version) + 1},
        where=col(DebtAlert.last_on) < day,
    )
    if not await _closed_since(tx, district_id, day):
        await tx.execute(newer)


async def _closed_since(tx: AsyncSession, district_id: UUID, day: date) -> bool:
    """Was this night looked at already? Then its message came twice."""
    seen = select(col(DebtAlert.id)).where(
        col(DebtAlert.district_id) == district_id, col(DebtAlert.state) == "closed", col(DebtAlert.last_on) >= day
    )
    return await tx.scalar(seen.limit(1)) is not None


async def alerts_for(tx: AsyncSession, *, actor: Actor, state: str) -> list[DebtAlert]:
    """The alerts of branches whose books the actor may read, the newest first."""
    seen = await branches_of(tx, actor)
    query = select(DebtAlert).where(col(DebtAlert.state) == state).order_by(col(DebtAlert.id).desc()).limit(200)
    found = await tx.scalars(query)
    return [one for one in found if seen is None or book_of(one.district_id) in seen]


async def close_alert(tx: AsyncSession, alert_id: UUID, *, note: str, actor: Actor, now: datetime) -> DebtAlert:
    """Say what was done about an alert. `Unknown`, `IllegalTransition` when it is closed."""
    query = select(DebtAlert).where(col(DebtAlert.id) == alert_id).with_for_update()
    alert = await tx.scalar(query)
    if alert is None:
        raise Unknown(what="alert")
    if alert.state == "open":
        alert.closed_at, alert.closed_by, alert.note = now, actor.account_id, note
    await move(tx, alert, "closed", ALERT_STEPS, actor=actor, now=now, reason=note)
    return alert
