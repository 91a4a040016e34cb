"""The search for slots: which starts of a day still have room, answered by one read of the capacity rows.

A slot found is no promise yet: it becomes one when a booking holds it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.clock import local_instant
from marketplace.base.policy import BookingRules
from marketplace.bookings.capacity import ANYBODY, HALF_HOUR, demand, requirement, room
from marketplace.bookings.capacity.demand import permille, slot_of


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that can be booked, and for how many bookings of this kind there is room."""

    window_start: datetime
    window_end: datetime
    places: int


async def find_slots(
    tx: AsyncSession,
    *,
    provider_id: UUID,
    district_id: UUID,
    skills: tuple[str, ...],
    service_seconds: int,
    crew_size: int,
    day: date,
    rules: BookingRules,
    now: datetime,
) -> list[Slot]:
    """The day's half-hour starts with room for a home visit, earliest first; the window is the half-hour itself."""
    opens, closes = local_instant(day, rules.opens), local_instant(day, rules.closes)
    first = slot_of(opens) if slot_of(opens) == opens else slot_of(opens) + HALF_HOUR
    last = closes - timedelta(seconds=service_seconds) - HALF_HOUR
    wanted = demand(
        first, service_seconds=service_seconds, crew_size=crew_size, share_permille=permille(rules.capacity_share)
    )
    end = last + (max(wanted) - first)
    free = await room(tx, provider_id, district_id, requirement(skills), first=first, last=end, lock=False)
    starts = [first + step * HALF_HOUR for step in range((last - first) // HALF_HOUR + 1)]
    places = {
        start: min(free.get(start + (slot - first), 0) // seconds for slot, seconds in wanted.items())
        for start in starts
        if start > now
    }
    return [Slot(start, start + HALF_HOUR, many) for start, many in places.items() if many > 0]


async def serves_district(tx: AsyncSession, provider_id: UUID, district_id: UUID, *, since: datetime) -> bool:
    """Has the provider anybody on shift in this district from `since` on?"""
    found = await tx.scalar(
        text(
            "SELECT EXISTS (SELECT FROM capacity WHERE provider_id = :provider_id AND district_id = :district_id"
            " AND skill = :anybody AND slot_at >= :since AND seconds > 0)"
        ),
        {"provider_id": provider_id, "district_id": district_id, "anybody": ANYBODY, "since": since},
    )
    return bool(found)
