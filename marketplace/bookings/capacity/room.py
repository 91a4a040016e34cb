"""Reading room: how many seconds of one requirement each half-hour can still take, for a look or under locks."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.bookings.capacity.demand import ANYBODY
from marketplace.bookings.capacity.mixes import room_beside
from marketplace.bookings.models import Capacity

Room = Mapping[datetime, int]  # seconds that can still be promised, by half-hour


async def room(
    tx: AsyncSession,
    provider_id: UUID,
    district_id: UUID,
    key: str,
    *,
    first: datetime,
    last: datetime,
    lock: bool,
) -> Room:
    """The room for requirement `key` from the half-hour `first` to `last`; half-hours that are not open are missing.

    With `lock` every requirement's rows are locked in the one order (key, half-hour), as what others are promised
    counts too; the row over everybody comes first, and whoever takes or gives back locks it.
    """
    query = (
        select(Capacity)
        .where(
            col(Capacity.provider_id) == provider_id,
            col(Capacity.district_id) == district_id,
            col(Capacity.slot_at).between(first, last),
        )
        .order_by(col(Capacity.skill), col(Capacity.slot_at))
        .execution_options(populate_existing=True)
    )
    rows: dict[datetime, dict[str, Capacity]] = defaultdict(dict)
    for row in await tx.scalars(query.with_for_update() if lock else query):
        rows[row.slot_at][row.skill] = row
    return {slot: _room(key, by_key) for slot, by_key in rows.items() if key in by_key and ANYBODY in by_key}


def _room(key: str, rows: Mapping[str, Capacity]) -> int:
    own = min(rows[one].seconds - rows[one].used for one in (key, ANYBODY))
    mix = rows[ANYBODY].abilities
    if mix is None or key == ANYBODY:  # opened before people were told apart: the rows alone count
        return own
    abilities = [(frozenset(keys), thousandths) for keys, thousandths in mix]
    return min(own, room_beside(key, {one: row.used for one, row in rows.items()}, abilities))
