"""Raising, reading and closing alerts. Any consumer of a message may raise one, in its own transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day
from marketplace.base.errors import Forbidden, Unknown
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.hours.alerts.models import ALERT_STEPS, Alert, AlertCause, Kind
from marketplace.people.models import Region

READERS = (Role.OPERATOR, Role.REGULATOR, Role.OFFICER)
# who settles these are not the officers of the branch that they are about
BY_OPERATORS = frozenset({"debt_above_cap", "link_diverged"})


async def raise_alert(
    tx: AsyncSession,
    kind: Kind,
    subject: UUID,
    *,
    cause: str,
    figures: Mapping[str, Any],
    now: datetime,
    district_id: UUID | None = None,
    day: date | None = None,
) -> bool:
    """Open the subject's alert of that kind, or renew the open one; True if anything was new.

    `cause` names what happened (a day, a message's key): the same cause counts once, also after the alert was closed.
    `figures` are JSON; those of the latest `day` stand (today, unless one is named).
    """
    known = insert(AlertCause).values(kind=kind, subject=subject, cause=cause).on_conflict_do_nothing()
    if await tx.scalar(known.returning(col(AlertCause.cause))) is None:
        return False
    on = day or local_day(now)
    row = insert(Alert).values(
        id=new_id(),
        kind=kind,
        subject=subject,
        district_id=district_id,
        figures=dict(figures),
        since=on,
        last_on=on,
        times=1,
        state="open",
        version=1,
        opened_at=now,
    )
    newer = row.excluded.last_on >= col(Alert.last_on)
    renewed = {
        "figures": case((newer, row.excluded.figures), else_=col(Alert.figures)),
        "since": case((newer, col(Alert.since)), else_=_earlier(row.excluded.since)),
        "last_on": case((newer, row.excluded.last_on), else_=col(Alert.last_on)),
        "times": col(Alert.times) + 1,
        "version": col(Alert.version) + 1,
    }
    await tx.execute(
        row.on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=col(Alert.state) == "open", set_=renewed
        )
    )
    return True


def _earlier(since: ColumnElement[date]) -> ColumnElement[date]:
    return case((since < col(Alert.since), since), else_=col(Alert.since))


async def alerts_for(tx: AsyncSession, *, actor: Actor, state: str, limit: int = 200) -> list[Alert]:
    """The alerts that the actor may see, the newest first: an officer those of her branches, others all."""
    query = select(Alert).where(col(Alert.state) == state, _seen_by(actor)).order_by(col(Alert.id).desc()).limit(limit)
    return list(await tx.scalars(query))


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    if actor.is_any(Role.OPERATOR, Role.REGULATOR):
        return true()
    if not actor.is_any(Role.OFFICER):
        return false()
    inside = select(col(Region.id)).where(col(Region.path).startswith(actor.region_path, autoescape=True))
    whole_city = true() if actor.region_path == "" else false()
    return or_(whole_city, col(Alert.district_id).in_(inside))


def may_close(alert: Alert, actor: Actor) -> bool:
    """May whoever sees the alert close it? A regulator only looks; a branch does not settle its own debt."""
    if actor.is_any(Role.OPERATOR):
        return True
    return actor.is_any(Role.OFFICER) and alert.kind not in BY_OPERATORS


async def settle_alert(
    tx: AsyncSession, kind: Kind, subject: UUID, *, note: str, closed_by: UUID | None, now: datetime
) -> None:
    """What the subject's open alert was about is over: close it, if there is one, in the name of who ended that."""
    open_one = (col(Alert.kind) == kind, col(Alert.subject) == subject, col(Alert.state) == "open")
    alert = await tx.scalar(select(Alert).where(*open_one).with_for_update())
    if alert is not None:
        alert.closed_at, alert.closed_by, alert.note = now, closed_by, note
        await move(tx, alert, "closed", ALERT_STEPS, actor=Actor.system(), now=now, reason=note)


async def close_alert(tx: AsyncSession, alert_id: UUID, *, note: str, actor: Actor, now: datetime) -> Alert:
    """Say what was done about an alert. `Unknown`, `Forbidden`, `IllegalTransition` when it is closed."""
    query = select(Alert).where(col(Alert.id) == alert_id, _seen_by(actor)).with_for_update()
    alert = await tx.scalar(query.execution_options(populate_existing=True))
    if alert is None:
        raise Unknown(what="alert")
    if not may_close(alert, actor):
        raise Forbidden
    if alert.state == "open":
        alert.closed_at, alert.closed_by, alert.note = now, actor.account_id, note
    await move(tx, alert, "closed", ALERT_STEPS, actor=actor, now=now, reason=note)
    return alert
