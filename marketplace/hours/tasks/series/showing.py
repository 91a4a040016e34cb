"""A series as an answer, with what is to come of it within the horizon."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.hours.models import SeriesSkip, Task, TaskSeries
from marketplace.hours.tasks.series.rule import read_rule, starts_between
from marketplace.hours.tasks.series.schemas import OccurrenceOut, SeriesOut


async def series_shown(tx: AsyncSession, series: TaskSeries, *, horizon_days: int, now: datetime) -> SeriesOut:
    """The series; an ended or returned one has nothing to come but what was made of it."""
    made = await _tasks(tx, series.id, now)
    query = select(col(SeriesSkip.starts_at)).where(col(SeriesSkip.series_id) == series.id)
    skipped = set(await tx.scalars(query))
    until = now + timedelta(days=horizon_days)
    goes_on = series.state in {"submitted", "active", "paused"}
    starts = set(starts_between(read_rule(series.rule, series.first_at), now, until)) if goes_on else set()
    return SeriesOut(
        **series.model_dump(include=set(SeriesOut.model_fields) - {"occurrences"}),
        occurrences=[
            OccurrenceOut(
                starts_at=start,
                task_ids=[task.id for task in made[start]],
                states=[task.state for task in made[start]],
                skipped=start in skipped,
            )
            for start in sorted(starts | made.keys())
        ],
    )


async def _tasks(tx: AsyncSession, series_id: UUID, now: datetime) -> defaultdict[datetime, list[Task]]:
    query = select(Task).where(
        col(Task.series_id) == series_id, col(Task.series_start) > now, col(Task.state) != "cancelled"
    )
    made: defaultdict[datetime, list[Task]] = defaultdict(list)
    for task in await tx.scalars(query.order_by(col(Task.series_start), col(Task.place))):
        made[task.series_start or task.window_start].append(task)
    return made
