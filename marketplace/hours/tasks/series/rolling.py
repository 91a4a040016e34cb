"""Making a series' tasks ahead of time: each night those of the day that came within the horizon.

Each occurrence is made in a transaction of its own, under the series' lock; what exists already, or was called off, is
left alone. An occurrence that nobody can pay for is tried again the next night, until it would have begun.
"""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day, local_instant
from marketplace.base.crypto import Vault
from marketplace.base.errors import DomainError, Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.models import KEY_FREE, SERIES_STEPS, SeriesSkip, Task, TaskSeries
from marketplace.hours.tasks.publishing import publish
from marketplace.hours.tasks.series.asking import ask_of
from marketplace.hours.tasks.series.rule import FARTHEST, read_rule, starts_between
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account, Elder

SERIES_DUE = "series.due"
AT = time(0, 45)  # after the night's cycle


async def starts_due(tx: AsyncSession, series_id: UUID, *, policy: Policy, now: datetime) -> list[datetime]:
    """The starts within the horizon that have no task and were not called off, in order."""
    series = await tx.get_one(TaskSeries, series_id)
    if series.state != "active":
        return []
    last = local_day(now) + timedelta(days=policy.booking.horizon_days + 1)
    horizon = local_instant(last, time()) - timedelta(microseconds=1)
    there = await _settled(tx, series_id)
    rule = read_rule(series.rule, series.first_at)
    return [start for start in starts_between(rule, now, horizon) if start not in there]


async def _settled(tx: AsyncSession, series_id: UUID) -> set[datetime]:
    """Starts that have a task, or shall have none."""
    live = (col(Task.series_id) == series_id, col(Task.state) != "cancelled")
    made = set(await tx.scalars(select(col(Task.series_start)).where(*live)))
    skips = await tx.scalars(select(col(SeriesSkip.starts_at)).where(col(SeriesSkip.series_id) == series_id))
    return {start for start in made if start is not None} | set(skips)


async def make_occurrence(
    tx: AsyncSession, vault: Vault, series_id: UUID, start: datetime, *, policy: Policy, now: datetime
) -> None:
    """Publish the task of one start, unless it is there. Errors of `publish`; `Unknown` when who asked may not any
    more."""
    series = await tx.get_one(TaskSeries, series_id, with_for_update=KEY_FREE, populate_existing=True)
    if series.state != "active" or start in await _settled(tx, series_id):
        return
    account = await tx.get(Account, series.requested_by)
    if account is None or account.state != "active":
        raise Unknown(what="account")
    ask = await ask_of(tx, vault, series, start)
    await publish(tx, vault, ask, policy=policy, actor=await actor_of(tx, account), now=now)


async def note_trouble(tx: AsyncSession, series_id: UUID, error: DomainError | None, *, now: datetime) -> None:
    """Remember what kept a task from being made, or that nothing does. Who may not ask any more pauses the series."""
    series = await tx.get_one(TaskSeries, series_id, with_for_update=KEY_FREE, populate_existing=True)
    series.trouble = error.code if error else None
    await tx.flush()
    if error is not None:
        await _alert(tx, series, error, now=now)
    if isinstance(error, Unknown) and series.state == "active":
        reason = "who asked may not book for her any more"
        await move(tx, series, "paused", SERIES_STEPS, actor=Actor.system(), now=now, reason=reason)


async def _alert(tx: AsyncSession, series: TaskSeries, error: DomainError, *, now: datetime) -> None:
    """An elder counts on visits that are not being made: her branch's officers hear of it, once a night."""
    elder = await tx.get_one(Elder, series.elder_id)  # visible: the night's own work, her district alone is read
    today = local_day(now)
    figures = {"trouble": error.code, "task_kind": series.kind, "minutes": series.minutes}
    await raise_alert(
        tx,
        "series_trouble",
        series.id,
        cause=today.isoformat(),
        figures=figures,
        district_id=elder.district_id,
        day=today,
        now=now,
    )


async def arm_next(tx: AsyncSession, series_id: UUID, *, now: datetime) -> None:
    """Look again in the coming night; a series of which nothing is to come is over."""
    series = await tx.get_one(TaskSeries, series_id, with_for_update=KEY_FREE, populate_existing=True)
    if series.state != "active":
        return
    if next(starts_between(read_rule(series.rule, series.first_at), now, now + FARTHEST), None) is None:
        await move(tx, series, "ended", SERIES_STEPS, actor=Actor.system(), now=now, reason="nothing is to come")
        return
    tonight = local_instant(local_day(now) + timedelta(days=1), AT)
    await timers.set_timer(tx, SERIES_DUE, series.id, tonight)
