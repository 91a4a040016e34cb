"""Alerts of links whose banks do not agree: opened by the message, closed by an operator who says what was done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.hours.links.models import ALERT_STEPS, LinkAlert
from timebank.links import find_link


async def raise_alert(tx: AsyncSession, link_id: UUID, reason: str, *, now: datetime) -> None:
    """Open the link's alert, or renew the open one. Nothing if an operator has let the link go on since."""
    link = await find_link(tx, link_id)
    if link is None or link.state != "suspended":
        return
    figures = {"reason": reason, "found_at": now}
    row = insert(LinkAlert).values(id=new_id(), link_id=link_id, state="open", version=1, opened_at=now, **figures)
    newer = row.on_conflict_do_update(
        index_elements=["link_id"],
        index_where=col(LinkAlert.state) == "open",
        set_={**figures, "version": col(LinkAlert.version) + 1},
    )
    await tx.execute(newer)


async def alerts(tx: AsyncSession, *, state: str) -> list[LinkAlert]:
    """The alerts of all links, the newest first."""
    query = select(LinkAlert).where(col(LinkAlert.state) == state).order_by(col(LinkAlert.id).desc()).limit(200)
    return list(await tx.scalars(query))


async def close_alert(tx: AsyncSession, alert_id: UUID, *, note: str, actor: Actor, now: datetime) -> LinkAlert:
    """Say what was done about an alert. `Unknown`, `IllegalTransition` when it is closed."""
    alert = await tx.scalar(select(LinkAlert).where(col(LinkAlert.id) == alert_id).with_for_update())
    if alert is None:
        raise Unknown(what="alert")
    if alert.state == "open":
        alert.closed_at, alert.closed_by, alert.note = now, actor.account_id, note
    await move(tx, alert, "closed", ALERT_STEPS, actor=actor, now=now, reason=note)
    return alert
