"""Finding visits and shifts that an actor may know of."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_instant, reckoned
from marketplace.base.errors import Unknown
from marketplace.people.access import in_reach, visible_to
from marketplace.people.models import Elder
from marketplace.visits.models import Performer, Shift, Visit


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of a day of the city, and of the next one. `DayOutOfRange`."""
    reckoned(day, pointer="/day")
    return local_instant(day, time()), local_instant(day + timedelta(days=1), time())


async def visits_for(
    tx: AsyncSession,
    *,
    actor: Actor,
    now: datetime,
    state: str | None = None,
    district_id: UUID | None = None,
    day: date | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Visit]:
    """Visits to elders whom the actor may see, narrowed by what is given, by id."""
    query = (
        select(Visit)
        .join(Elder, col(Elder.id) == col(Visit.elder_id))
        .where(visible_to(actor, now))
        .order_by(col(Visit.id))
        .limit(limit)
    )
    if state is not None:
        query = query.where(col(Visit.state) == state)
    if district_id is not None:
        query = query.where(col(Visit.district_id) == district_id)
    if day is not None:
        first, following = day_bounds(day)
        query = query.where(col(Visit.window_start) >= first, col(Visit.window_start) < following)
    if after is not None:
        query = query.where(col(Visit.id) > after)
    return list(await tx.scalars(query))


async def require_shift(tx: AsyncSession, shift_id: UUID, *, actor: Actor) -> None:
    """`Unknown` unless the shift lies in the actor's region or belongs to the actor's provider."""
    shift = await tx.get(Shift, shift_id)
    performer = await tx.get(Performer, shift.performer_id) if shift else None
    if shift is None or performer is None:
        raise Unknown(what="shift")
    own = actor.provider_id is not None and performer.provider_id == actor.provider_id
    dispatches = actor.is_any(Role.DISPATCHER) and await in_reach(tx, actor, shift.district_id)
    if not (dispatches or (own and actor.is_any(Role.PROVIDER))):
        raise Unknown(what="shift")
