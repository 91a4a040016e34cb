"""Keeping a series: asked for, reviewed where its channel is, paused, resumed, ended, one occurrence left out.

Whoever may book for the elder keeps it. What a pause or the end finds made and not begun is called off.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.errors import Forbidden, IllegalTransition, Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.members.proxies import delegated_elder, refusal
from marketplace.hours.models import KEY_FREE, SERIES_STEPS, SeriesSkip, Task, TaskSeries
from marketplace.hours.tasks.ending import UNBEGUN, call_off
from marketplace.hours.tasks.errors import NoOccurrence, OwnRequest
from marketplace.hours.tasks.publishing import CALLER, NOTES, Ask, channel_of, require_possible
from marketplace.hours.tasks.series.rolling import SERIES_DUE
from marketplace.hours.tasks.series.rule import FARTHEST, is_start, read_rule, starts_between
from marketplace.people.access import Scope, visible_to
from marketplace.people.models import Elder

DAY = timedelta(days=1)


async def begin_series(
    tx: AsyncSession, vault: Vault, ask: Ask, rule: str, *, policy: Policy, actor: Actor, now: datetime
) -> TaskSeries:
    """Keep asking by a rule, from `ask`'s window on. Message series.due makes the first tasks.

    `Unknown` elder, `RuleMalformed`, `NoOccurrence` for a rule that is over, and what an ask is refused for.
    """
    if actor.account_id is None:  # a series is somebody's wish
        raise Forbidden
    elder = await delegated_elder(tx, ask.elder_id, scope="book", actor=actor, now=now)
    channel = channel_of(ask.call, actor)
    if abs(ask.window_start - now) > FARTHEST:  # so far away a calendar may end
        raise NoOccurrence(pointer="/window_start")
    found = read_rule(rule, ask.window_start)
    first = next(starts_between(found, now, now + FARTHEST), None)
    if first is None:
        raise NoOccurrence(pointer="/rule")
    window = max(-DAY, min(ask.window_end - ask.window_start, DAY))
    require_possible(replace(ask, window_start=first, window_end=first + window), policy, now)
    reviewed = channel in policy.timebank.earning.reviewed
    series = TaskSeries(
        elder_id=elder.id,
        rule=rule,
        first_at=ask.window_start,
        window_minutes=(ask.window_end - ask.window_start) // timedelta(minutes=1),
        kind=ask.kind,
        minutes=ask.minutes,
        paid_by=ask.paid_by,
        notes_sealed=await vault.seal(tx, elder.id, NOTES, ask.notes) if ask.notes else None,
        gender=ask.gender,
        places=ask.places,
        group_people=ask.group_people,
        taking=ask.taking,
        requested_by=actor.account_id,
        channel=channel,
        caller_sealed=await vault.seal(tx, elder.id, CALLER, ask.call.caller) if ask.call.caller else None,
        consent=ask.call.consent,
        consent_reference=ask.call.consent_reference,
        asked_at=now,
    )
    tx.add(series)
    await tx.flush()
    audit.note(tx, "series.asked", actor=actor, entity="task_series", entity_id=series.id)
    await tell_elder(tx, elder, "series", actor=actor)
    if not reviewed:
        await _go_on(tx, series, actor=actor, now=now, reason="asked for")
    return series


async def review_series(
    tx: AsyncSession, series_id: UUID, *, return_reason: str | None, actor: Actor, now: datetime
) -> TaskSeries:
    """An officer lets a submitted series begin, or returns it with a reason. `OwnRequest`, `IllegalTransition`."""
    series = await _locked(tx, series_id, actor=actor, now=now, scope="view")
    if series.state != "submitted":
        raise IllegalTransition(state=series.state, wanted="active")
    if series.requested_by == actor.account_id:
        raise OwnRequest
    if return_reason is None:
        await _go_on(tx, series, actor=actor, now=now, reason="reviewed")
    else:
        series.return_reason = return_reason
        await move(tx, series, "returned", SERIES_STEPS, actor=actor, now=now, reason=return_reason)
    return series


async def pause_series(tx: AsyncSession, series_id: UUID, *, actor: Actor, now: datetime, reason: str) -> TaskSeries:
    """Nobody comes until the series is resumed. `Unknown`, `IllegalTransition`."""
    return await _stop(tx, series_id, "paused", actor=actor, now=now, reason=reason)


async def end_series(tx: AsyncSession, series_id: UUID, *, actor: Actor, now: datetime, reason: str) -> TaskSeries:
    """Nobody comes any more. `Unknown`, `IllegalTransition`."""
    return await _stop(tx, series_id, "ended", actor=actor, now=now, reason=reason)


async def resume_series(tx: AsyncSession, series_id: UUID, *, actor: Actor, now: datetime, reason: str) -> TaskSeries:
    """A paused series goes on from now. `Unknown`, `IllegalTransition`."""
    series = await _locked(tx, series_id, actor=actor, now=now)
    if series.state != "paused":
        raise IllegalTransition(state=series.state, wanted="active")
    await _go_on(tx, series, actor=actor, now=now, reason=reason)
    await _tell_her(tx, series, actor=actor)
    return series


async def skip_occurrence(
    tx: AsyncSession, series_id: UUID, start: datetime, *, actor: Actor, now: datetime, reason: str
) -> TaskSeries:
    """Leave one start out, whether its task was made or not. Again it changes nothing. `Unknown`, `NoOccurrence`."""
    series = await _locked(tx, series_id, actor=actor, now=now)
    over = series.state in {"ended", "returned"}
    if over or not now < start < now + FARTHEST or not is_start(read_rule(series.rule, series.first_at), start):
        raise NoOccurrence(pointer="/starts_at")
    skip = insert(SeriesSkip).values(series_id=series.id, starts_at=start)
    await tx.execute(skip.on_conflict_do_nothing())
    made = await _unbegun(tx, series, start)
    await call_off(tx, made, actor=actor, now=now, reason=reason)
    await _tell_her(tx, series, actor=actor)
    return series


async def series_for(
    tx: AsyncSession, series_id: UUID, *, actor: Actor, now: datetime, scope: Scope = "view"
) -> TaskSeries:
    """The series, for who may act for the elder in `scope`. Else `Unknown`, or `DelegationMissing`."""
    query = (
        select(TaskSeries)
        .join(Elder, col(Elder.id) == col(TaskSeries.elder_id))
        .where(col(TaskSeries.id) == series_id, visible_to(actor, now, scope))
    )
    found = await tx.scalar(query)
    if found is None:
        elder_id = await tx.scalar(select(col(TaskSeries.elder_id)).where(col(TaskSeries.id) == series_id))
        raise await refusal(tx, elder_id, Unknown(what="series"), scope=scope, actor=actor, now=now)
    return found


async def all_series(
    tx: AsyncSession,
    *,
    actor: Actor,
    now: datetime,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[TaskSeries]:
    """Series of elders whom the actor may see, by id."""
    query = (
        select(TaskSeries)
        .join(Elder, col(Elder.id) == col(TaskSeries.elder_id))
        .where(visible_to(actor, now))
        .order_by(col(TaskSeries.id))
        .limit(limit)
    )
    if state is not None:
        query = query.where(col(TaskSeries.state) == state)
    if after is not None:
        query = query.where(col(TaskSeries.id) > after)
    return list(await tx.scalars(query))


async def _go_on(tx: AsyncSession, series: TaskSeries, *, actor: Actor, now: datetime, reason: str) -> None:
    await move(tx, series, "active", SERIES_STEPS, actor=actor, now=now, reason=reason)
    series.trouble = None
    await tx.flush()
    await outbox.send(tx, SERIES_DUE, id=series.id)


async def _stop(tx: AsyncSession, series_id: UUID, to: str, *, actor: Actor, now: datetime, reason: str) -> TaskSeries:
    series = await _locked(tx, series_id, actor=actor, now=now)
    await move(tx, series, to, SERIES_STEPS, actor=actor, now=now, reason=reason)
    await timers.drop_timer(tx, SERIES_DUE, series.id)
    await call_off(tx, await _unbegun(tx, series), actor=actor, now=now, reason=reason)
    await _tell_her(tx, series, actor=actor)
    return series


async def _tell_her(tx: AsyncSession, series: TaskSeries, *, actor: Actor) -> None:
    elder = await tx.get_one(Elder, series.elder_id)  # visible: the series' own elder, whom the actor was shown
    await tell_elder(tx, elder, "series", actor=actor)


async def _unbegun(tx: AsyncSession, series: TaskSeries, start: datetime | None = None) -> list[Task]:
    """Its tasks, or those of one start, that can be called off."""
    query = select(Task).where(col(Task.series_id) == series.id, col(Task.state).in_(UNBEGUN))
    if start is not None:
        query = query.where(col(Task.series_start) == start)
    return list(await tx.scalars(query.order_by(col(Task.id)).with_for_update()))


async def _locked(
    tx: AsyncSession, series_id: UUID, *, actor: Actor, now: datetime, scope: Scope = "book"
) -> TaskSeries:
    await series_for(tx, series_id, actor=actor, now=now, scope=scope)
    return await tx.get_one(TaskSeries, series_id, with_for_update=KEY_FREE, populate_existing=True)
