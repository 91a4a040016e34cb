"""Caregivers are employed and trained, given a week, and rolled out into real shifts that can be booked."""

from datetime import timedelta
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.bookings.capacity import open_days
from marketplace.demo.population import CastCaregiver
from marketplace.demo.seeding.scene import Scene, letter
from marketplace.providers.caregivers import employ
from marketplace.providers.schemas.staff import CaregiverIn, WeeklyShiftIn
from marketplace.providers.shifts import roll_out, set_week
from marketplace.web.schemas import LonLat

TRAINED = timedelta(days=90)
WEEK = 7


async def employ_all(scene: Scene, number: int, provider_id: UUID, admin: Actor) -> None:
    """All caregivers of provider `number`, each with her week."""
    for one in scene.cast.caregivers:
        if one.provider == number:
            await _employ(scene, one, provider_id, admin)


async def _employ(scene: Scene, one: CastCaregiver, provider_id: UUID, admin: Actor) -> None:
    data = CaregiverIn.model_validate(
        {
            "name": one.person.name.zh,
            "phone": one.person.phone,
            "gender": letter(one.person.gender),
            "skills": list(one.skills),
            "mode": one.mode,
            "trained_on": local_day(scene.now) - TRAINED,
            "district_id": scene.districts[one.district].id,
            "place": LonLat(lon=one.place[0], lat=one.place[1]),
            "capacity_boxes": one.boxes,
        }
    )
    caregiver, _ = await employ(scene.tx, scene.vault, provider_id, data, actor=admin, now=scene.now)
    week = [_shift(one, weekday) for weekday in range(WEEK) if weekday != one.day_off]
    await set_week(scene.tx, provider_id, caregiver.id, week, actor=admin)


def _shift(one: CastCaregiver, weekday: int) -> WeeklyShiftIn:
    return WeeklyShiftIn(
        weekday=weekday,
        starts=one.starts,
        ends=one.ends,
        break_from=one.rest_from,
        break_until=one.rest_until,
        break_seconds=one.rest_seconds,
    )


async def open_week(scene: Scene) -> int:
    """A week of shifts from today on, and its capacity for booking; returns the number of shifts."""
    first, shifts = local_day(scene.now), 0
    # a day more than a week: seeding late in the evening leaves a whole week to come
    days = WEEK + 1
    pairs = list(zip(scene.providers, scene.admins, strict=True))
    for provider_id, admin in scene.told("shifts", pairs, len(pairs)):
        shifts += await roll_out(scene.tx, provider_id, first, days, actor=admin, now=scene.now)
        await open_days(scene.tx, provider_id, first, days, policy=scene.policy)
    return shifts
