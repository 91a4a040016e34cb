"""Routes of a provider's own house: caregivers, their week, shifts, kitchens."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.providers import caregivers, kitchens, shifts
from marketplace.providers.models import Kitchen, WeeklyShift
from marketplace.providers.reach import MANAGERS, OVERSIGHT, overseen
from marketplace.providers.schemas.organisations import ReasonIn
from marketplace.providers.schemas.staff import (
    CaregiverIn,
    CaregiverOut,
    CaregiverPage,
    KitchenIn,
    KitchenList,
    KitchenOut,
    RollOutIn,
    RollOutOut,
    TrainingIn,
    WeekIn,
    WeeklyShiftOut,
    WeekOut,
)
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

BASE = "/v1/providers/{provider_id:uuid}"
ONE = f"{BASE}/caregivers/{{caregiver_id:uuid}}"
TAGS = ["providers"]
READERS = [requires(Role.PROVIDER, *OVERSIGHT)]
WRITERS = [requires(*MANAGERS)]


def _caregiver_out(staff: caregivers.Staff) -> CaregiverOut:
    caregiver, performer = staff
    return CaregiverOut(
        id=caregiver.id,
        name=performer.name,
        gender=performer.gender,
        skills=performer.skills,
        mode=performer.mode,
        trained_on=caregiver.trained_on,
        district_id=performer.district_id,
        lon=caregiver.lon,
        lat=caregiver.lat,
        capacity_boxes=caregiver.capacity_boxes,
        state=performer.state,
    )


def _week_out(rows: list[WeeklyShift]) -> WeekOut:
    fields = set(WeeklyShiftOut.model_fields)
    return WeekOut(shifts=[WeeklyShiftOut(**row.model_dump(include=fields)) for row in rows])


@post(f"{BASE}/caregivers", tags=TAGS, operation_id="employCaregiver", guards=WRITERS)
async def employ(
    provider_id: FromPath[UUID],
    data: JSONBody[CaregiverIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> CaregiverOut:
    """Employ a caregiver; she signs in with her telephone."""

    async def work() -> CaregiverOut:
        return _caregiver_out(await caregivers.employ(tx, platform.vault, provider_id, data, actor=actor, now=now))

    return await once(tx, CaregiverOut, work)


@get(f"{BASE}/caregivers", tags=TAGS, operation_id="listCaregivers", guards=READERS)
async def list_caregivers(
    provider_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> CaregiverPage:
    """The organisation's caregivers, page by page: pass `next_cursor` as `after`."""
    await overseen(tx, provider_id, actor=actor)
    rows = await caregivers.caregivers_of(tx, provider_id, after=after, limit=limit)
    return CaregiverPage(
        caregivers=[_caregiver_out(row) for row in rows], next_cursor=rows[-1][0].id if len(rows) == limit else None
    )


@post(f"{ONE}/training", tags=TAGS, operation_id="trainCaregiver", guards=WRITERS, status_code=200)
async def train(
    provider_id: FromPath[UUID],
    caregiver_id: FromPath[UUID],
    data: JSONBody[TrainingIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    once: OnceGiven,
) -> CaregiverOut:
    """Record a training passed: from which day she may work, and with which skills."""

    async def work() -> CaregiverOut:
        return _caregiver_out(await caregivers.train(tx, provider_id, caregiver_id, data, actor=actor, now=now))

    return await once(tx, CaregiverOut, work)


@post(f"{ONE}/leave", tags=TAGS, operation_id="letCaregiverGo", guards=WRITERS, status_code=200)
async def leave(
    provider_id: FromPath[UUID],
    caregiver_id: FromPath[UUID],
    data: JSONBody[ReasonIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    once: OnceGiven,
) -> CaregiverOut:
    """She works here no more; her shifts to come are withdrawn and their visits planned anew."""

    async def work() -> CaregiverOut:
        return _caregiver_out(
            await caregivers.let_go(tx, provider_id, caregiver_id, actor=actor, now=now, reason=data.reason)
        )

    return await once(tx, CaregiverOut, work)


@put(f"{ONE}/weekly-shifts", tags=TAGS, operation_id="setWeeklyShifts", guards=WRITERS)
async def set_week(
    provider_id: FromPath[UUID], caregiver_id: FromPath[UUID], data: JSONBody[WeekIn], tx: Tx, actor: Acting
) -> WeekOut:
    """Replace the caregiver's week; shifts that were made of the old one stay."""
    return _week_out(await shifts.set_week(tx, provider_id, caregiver_id, data.shifts, actor=actor))


@get(f"{ONE}/weekly-shifts", tags=TAGS, operation_id="showWeeklyShifts", guards=READERS)
async def show_week(provider_id: FromPath[UUID], caregiver_id: FromPath[UUID], tx: Tx, actor: Acting) -> WeekOut:
    """The caregiver's week."""
    await overseen(tx, provider_id, actor=actor)
    await caregivers.caregiver_of(tx, provider_id, caregiver_id)
    return _week_out(await shifts.week_of(tx, caregiver_id))


@post(f"{BASE}/shifts", tags=TAGS, operation_id="rollOutShifts", guards=WRITERS, status_code=200)
async def roll_out(
    provider_id: FromPath[UUID], data: JSONBody[RollOutIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> RollOutOut:
    """Make shifts for these days from the caregivers' weeks; those that exist stay."""

    async def work() -> RollOutOut:
        return RollOutOut(added=await shifts.roll_out(tx, provider_id, data.first_day, data.days, actor=actor, now=now))

    return await once(tx, RollOutOut, work)


def _kitchen_out(row: Kitchen) -> KitchenOut:
    return KitchenOut(**row.model_dump(include=set(KitchenOut.model_fields)))


@post(f"{BASE}/kitchens", tags=TAGS, operation_id="addKitchen", guards=WRITERS)
async def add_kitchen(
    provider_id: FromPath[UUID], data: JSONBody[KitchenIn], tx: Tx, actor: Acting, once: OnceGiven
) -> KitchenOut:
    """Add a kitchen; its meals can be booked once the food licence is checked."""

    async def work() -> KitchenOut:
        return _kitchen_out(await kitchens.add_kitchen(tx, provider_id, data, actor=actor))

    return await once(tx, KitchenOut, work)


@get(f"{BASE}/kitchens", tags=TAGS, operation_id="listKitchens", guards=READERS)
async def list_kitchens(provider_id: FromPath[UUID], tx: Tx, actor: Acting) -> KitchenList:
    """The organisation's kitchens."""
    await overseen(tx, provider_id, actor=actor)
    return KitchenList(kitchens=[_kitchen_out(row) for row in await kitchens.kitchens_of(tx, provider_id)])


HANDLERS: list[Any] = [
    employ,
    list_caregivers,
    train,
    leave,
    set_week,
    show_week,
    roll_out,
    add_kitchen,
    list_kitchens,
]
