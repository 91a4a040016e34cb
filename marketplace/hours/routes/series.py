"""Recurring help: asking for a series, keeping it, leaving one out."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Role
from marketplace.base.platform import Platform
from marketplace.hours.models import TaskSeries
from marketplace.hours.routes.tasks import ASKERS, OF_A_CALL
from marketplace.hours.schemas import WhyIn
from marketplace.hours.tasks.publishing import Ask, Call
from marketplace.hours.tasks.series import keeping
from marketplace.hours.tasks.series.schemas import SeriesIn, SeriesOut, SeriesPage, SeriesState, SkipIn
from marketplace.hours.tasks.series.showing import series_shown
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Doing, Home, Now, Tx

TAGS = ["tasks"]
OfState = Annotated[SeriesState | None, QueryParameter(name="state")]
# acts on what exists already are answered 200
reviews = partial(post, tags=TAGS, guards=[requires(Role.OFFICER)], status_code=200)
keeps = partial(post, tags=TAGS, guards=[requires(*ASKERS)], status_code=200)


async def _shown(tx: AsyncSession, platform: Platform, series: TaskSeries) -> SeriesOut:
    horizon_days = platform.policy.booking.horizon_days
    return await series_shown(tx, series, horizon_days=horizon_days, now=platform.now())


@post("/v1/task-series", tags=TAGS, guards=[requires(*ASKERS)], operation_id="beginSeries")
async def begin_series(data: JSONBody[SeriesIn], act: Doing) -> SeriesOut:
    """Ask for help again and again. Its tasks are published some weeks ahead, each with its own hours set aside."""

    async def work() -> SeriesOut:
        call = Call(**data.model_dump(include=set(OF_A_CALL)))
        ask = Ask(**data.model_dump(exclude={*OF_A_CALL, "rule"}), call=call)
        series = await keeping.begin_series(
            act.tx, act.platform.vault, ask, data.rule, policy=act.platform.policy, actor=act.actor, now=act.now
        )
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@get("/v1/task-series", tags=TAGS, guards=[requires(*ASKERS)], operation_id="listSeries")
async def list_series(
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    of_state: OfState = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> SeriesPage:
    """Series of elders whom one may see."""
    found = await keeping.all_series(tx, actor=actor, now=now, state=of_state, after=after, limit=limit + 1)
    items = [await _shown(tx, platform, series) for series in found[:limit]]
    return SeriesPage(items=items, next_after=items[-1].id if len(found) > limit else None)


@get("/v1/task-series/{series_id:uuid}", tags=TAGS, guards=[requires(*ASKERS)], operation_id="showSeries")
async def show_series(series_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> SeriesOut:
    """One series with what is to come of it."""
    return await _shown(tx, platform, await keeping.series_for(tx, series_id, actor=actor, now=now))


@reviews("/v1/task-series/{series_id:uuid}/publish", operation_id="publishSeries")
async def publish_series(series_id: FromPath[UUID], act: Doing) -> SeriesOut:
    """Let a submitted series begin."""

    async def work() -> SeriesOut:
        series = await keeping.review_series(act.tx, series_id, return_reason=None, actor=act.actor, now=act.now)
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@reviews("/v1/task-series/{series_id:uuid}/return", operation_id="returnSeries")
async def return_series(
    series_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> SeriesOut:
    """Return a submitted series to who asked, with a reason."""

    async def work() -> SeriesOut:
        series = await keeping.review_series(act.tx, series_id, return_reason=data.reason, actor=act.actor, now=act.now)
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@keeps("/v1/task-series/{series_id:uuid}/pause", operation_id="pauseSeries")
async def pause_series(
    series_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> SeriesOut:
    """Nobody comes until the series is resumed: what was made of it and has not begun is called off."""

    async def work() -> SeriesOut:
        series = await keeping.pause_series(act.tx, series_id, actor=act.actor, now=act.now, reason=data.reason)
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@keeps("/v1/task-series/{series_id:uuid}/resume", operation_id="resumeSeries")
async def resume_series(
    series_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> SeriesOut:
    """A paused series goes on from now."""

    async def work() -> SeriesOut:
        series = await keeping.resume_series(act.tx, series_id, actor=act.actor, now=act.now, reason=data.reason)
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@keeps("/v1/task-series/{series_id:uuid}/end", operation_id="endSeries")
async def end_series(
    series_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> SeriesOut:
    """The series is over: what was made of it and has not begun is called off."""

    async def work() -> SeriesOut:
        series = await keeping.end_series(act.tx, series_id, actor=act.actor, now=act.now, reason=data.reason)
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


@keeps("/v1/task-series/{series_id:uuid}/skip", operation_id="skipOccurrence")
async def skip_occurrence(
    series_id: FromPath[UUID],
    data: JSONBody[SkipIn],
    act: Doing,
) -> SeriesOut:
    """Leave one out; the others go on."""

    async def work() -> SeriesOut:
        series = await keeping.skip_occurrence(
            act.tx, series_id, data.starts_at, actor=act.actor, now=act.now, reason=data.reason
        )
        return await _shown(act.tx, act.platform, series)

    return await act.once(SeriesOut, work)


HANDLERS: list[Any] = [
    begin_series,
    list_series,
    show_series,
    publish_series,
    return_series,
    pause_series,
    resume_series,
    end_series,
    skip_occurrence,
]
