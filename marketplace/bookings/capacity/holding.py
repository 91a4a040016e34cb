"""Holding and freeing capacity for a booking.

Rows are locked in one order (key, half-hour) before they are read, so that of two who want the last slot exactly one
gets it and neither meets a deadlock. What was taken is written down per booking and given back exactly.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.bookings.capacity.demand import ANYBODY, demand, requirement, starts
from marketplace.bookings.capacity.room import Room, room
from marketplace.bookings.errors import SlotTaken, SoldOut
from marketplace.bookings.models import Booking, Capacity, CapacityHold, MealCapacity

Demand = Mapping[datetime, int]  # seconds per half-hour

_GIVE_BACK = text(
    "UPDATE capacity SET used = used - hold.seconds FROM capacity_hold AS hold"
    " WHERE hold.booking_id = :booking_id AND capacity.provider_id = :provider_id"
    " AND capacity.district_id = :district_id AND capacity.skill = hold.skill AND capacity.slot_at = hold.slot_at"
)


async def hold(
    tx: AsyncSession,
    booking: Booking,
    *,
    share_permille: int,
    kitchen_capacity: int = 0,
    since: datetime | None = None,
) -> None:
    """Promise the booking its place: the earliest start in its window, from `since` on, that has room.

    `SlotTaken`, `SoldOut`.
    """
    if booking.kitchen_id is not None:
        await _hold_boxes(tx, booking, kitchen_capacity)
        return
    tries = _tries(booking, share_permille, since)
    found = _first_fit(tries, await _room(tx, booking.provider_id, booking, tries, lock=True))
    if found is None:
        raise SlotTaken
    await _take(tx, booking, sorted({requirement(booking.skills), ANYBODY}), found)


async def has_room(
    tx: AsyncSession, provider_id: UUID, booking: Booking, *, share_permille: int, since: datetime
) -> bool:
    """Could this provider keep a home visit's promise from `since` on? Only a look: it holds nothing."""
    tries = _tries(booking, share_permille, since)
    return _first_fit(tries, await _room(tx, provider_id, booking, tries, lock=False)) is not None


def _tries(booking: Booking, share_permille: int, since: datetime | None) -> list[Demand]:
    begin = max(booking.window_start, since or booking.window_start)
    return [
        demand(
            start,
            service_seconds=booking.service_seconds,
            crew_size=booking.crew_size,
            share_permille=share_permille,
        )
        for start in (starts(begin, booking.window_end) if begin <= booking.window_end else [])
    ]


def _first_fit(tries: list[Demand], free: Room) -> Demand | None:
    for wanted in tries:
        if all(free.get(slot, 0) >= seconds for slot, seconds in wanted.items()):
            return wanted
    return None


async def _room(tx: AsyncSession, provider_id: UUID, booking: Booking, tries: list[Demand], *, lock: bool) -> Room:
    slots = [slot for wanted in tries for slot in wanted]
    if not slots:
        return {}
    key = requirement(booking.skills)
    return await room(tx, provider_id, booking.district_id, key, first=min(slots), last=max(slots), lock=lock)


async def _take(tx: AsyncSession, booking: Booking, keys: list[str], wanted: Demand) -> None:
    for key in keys:
        for slot, seconds in wanted.items():
            await tx.execute(
                update(Capacity)
                .where(
                    col(Capacity.provider_id) == booking.provider_id,
                    col(Capacity.district_id) == booking.district_id,
                    col(Capacity.skill) == key,
                    col(Capacity.slot_at) == slot,
                )
                .values(used=col(Capacity.used) + seconds)
                .execution_options(synchronize_session=False)
            )
            tx.add(CapacityHold(booking_id=booking.id, skill=key, slot_at=slot, seconds=seconds))
    await tx.flush()


async def _hold_boxes(tx: AsyncSession, booking: Booking, kitchen_capacity: int) -> None:
    """One statement: the row is made at first need, and grows only while there is room."""
    row = insert(MealCapacity).values(
        kitchen_id=booking.kitchen_id,
        day=booking.day,
        sitting=booking.sitting,
        capacity=kitchen_capacity,
        used=booking.boxes,
    )
    if booking.boxes > kitchen_capacity:
        raise SoldOut
    grown = row.on_conflict_do_update(
        index_elements=["kitchen_id", "day", "sitting"],
        set_={"used": MealCapacity.used + booking.boxes, "capacity": kitchen_capacity},
        where=col(MealCapacity.used) + booking.boxes <= kitchen_capacity,
    ).returning(col(MealCapacity.used))
    if await tx.scalar(grown) is None:
        raise SoldOut


async def free(tx: AsyncSession, booking: Booking) -> None:
    """Give back what the booking holds. The caller has just ended the booking, so it happens once."""
    if booking.kitchen_id is not None:
        await tx.execute(
            update(MealCapacity)
            .where(
                col(MealCapacity.kitchen_id) == booking.kitchen_id,
                col(MealCapacity.day) == booking.day,
                col(MealCapacity.sitting) == booking.sitting,
            )
            .values(used=col(MealCapacity.used) - booking.boxes)
            .execution_options(synchronize_session=False)
        )
        return
    await _lock_held(tx, booking)
    of_booking = {
        "booking_id": booking.id,
        "provider_id": booking.provider_id,
        "district_id": booking.district_id,
    }
    await tx.execute(_GIVE_BACK, of_booking)
    await tx.execute(delete(CapacityHold).where(col(CapacityHold.booking_id) == booking.id))


async def _lock_held(tx: AsyncSession, booking: Booking) -> None:
    held = (
        select(col(Capacity.used))
        .join(
            CapacityHold,
            (col(CapacityHold.skill) == col(Capacity.skill)) & (col(CapacityHold.slot_at) == col(Capacity.slot_at)),
        )
        .where(
            col(CapacityHold.booking_id) == booking.id,
            col(Capacity.provider_id) == booking.provider_id,
            col(Capacity.district_id) == booking.district_id,
        )
        .order_by(col(Capacity.skill), col(Capacity.slot_at))
        .with_for_update(of=Capacity)
    )
    await tx.execute(held)


async def meals_left(tx: AsyncSession, kitchen_id: UUID, day: date, sitting: str, *, kitchen_capacity: int) -> int:
    """Boxes that can still be ordered for a sitting."""
    used = await tx.scalar(
        select(col(MealCapacity.used)).where(
            col(MealCapacity.kitchen_id) == kitchen_id,
            col(MealCapacity.day) == day,
            col(MealCapacity.sitting) == sitting,
        )
    )
    return max(0, kitchen_capacity - (used or 0))
