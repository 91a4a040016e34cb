"""Caregivers: a provider employs, trains and lets go of them. To the rest of the house they are performers."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day
from marketplace.base.crypto import Vault
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.people.accounts import open_account
from marketplace.providers.errors import Impossible
from marketplace.providers.models import Caregiver
from marketplace.providers.onboarding import require_district
from marketplace.providers.reach import managed
from marketplace.providers.schemas.staff import CaregiverIn, TrainingIn
from marketplace.visits.errors import PerformerLeft
from marketplace.visits.models import Performer, Shift
from marketplace.visits.performers import add_performer
from marketplace.visits.shifts import withdraw_shift
from marketplace.web.schemas import LonLat

Staff = tuple[Caregiver, Performer]
EARLIEST = date(1990, 1, 1)
TRAINING_AHEAD = timedelta(days=366)


async def employ(
    tx: AsyncSession, vault: Vault, provider_id: UUID, data: CaregiverIn, *, actor: Actor, now: datetime
) -> Staff:
    """Open an account for the caregiver and write her down as a performer. `PhoneTaken` when the number has one."""
    provider = await managed(tx, provider_id, actor=actor)
    if data.trained_on is not None:
        _require_plausible(data.trained_on, local_day(now))
    if data.capacity_boxes and "meal" not in data.skills:
        raise Impossible(pointer="/capacity_boxes", reason="boxes are carried by those with the skill meal")
    district = await require_district(tx, data.district_id or provider.district_id)
    place = data.place or LonLat(lon=provider.lon, lat=provider.lat)
    account = await open_account(
        tx, vault, name=data.name, phone=data.phone, roles=[Role.CAREGIVER], provider_id=provider.id
    )
    performer = await add_performer(
        tx,
        id=new_id(),
        kind="caregiver",
        account_id=account.id,
        provider_id=provider.id,
        district_id=district.id,
        name=data.name,
        gender=data.gender,
        mode=data.mode,
        skills=data.skills,
    )
    caregiver = Caregiver(
        id=performer.id,
        provider_id=provider.id,
        trained_on=data.trained_on,
        lon=place.lon,
        lat=place.lat,
        capacity_boxes=data.capacity_boxes,
    )
    tx.add(caregiver)
    await tx.flush()
    audit.note(tx, "caregiver.employed", actor=actor, entity="caregiver", entity_id=caregiver.id)
    return caregiver, performer


def _require_plausible(trained_on: date, today: date) -> None:
    if not EARLIEST <= trained_on <= today + TRAINING_AHEAD:
        raise Impossible(pointer="/trained_on", reason=f"a training lies between {EARLIEST} and a year ahead")


async def train(
    tx: AsyncSession, provider_id: UUID, caregiver_id: UUID, data: TrainingIn, *, actor: Actor, now: datetime
) -> Staff:
    """Record a training: she may work from that day, with these skills. Shifts that exist keep theirs."""
    caregiver, performer = await managed_caregiver(tx, provider_id, caregiver_id, actor=actor)
    _require_plausible(data.trained_on, local_day(now))
    if caregiver.capacity_boxes and "meal" not in data.skills:
        raise Impossible(pointer="/skills", reason="she carries boxes and needs the skill meal")
    caregiver.trained_on = data.trained_on
    performer.skills = sorted(set(data.skills))
    await tx.flush()
    audit.note(tx, "caregiver.trained", actor=actor, entity="caregiver", entity_id=caregiver.id)
    return caregiver, performer


async def let_go(
    tx: AsyncSession, provider_id: UUID, caregiver_id: UUID, *, actor: Actor, now: datetime, reason: str
) -> Staff:
    """She leaves: her shifts from today on are withdrawn, and what was planned in them is planned anew."""
    caregiver, performer = await managed_caregiver(tx, provider_id, caregiver_id, actor=actor)
    ahead = select(col(Shift.id)).where(
        col(Shift.performer_id) == performer.id, col(Shift.state) == "open", col(Shift.ends_at) > now
    )
    for shift_id in (await tx.scalars(ahead.order_by(col(Shift.id)))).all():
        await withdraw_shift(tx, shift_id, actor=actor, now=now, reason=reason)
    performer.state = "left"  # after her shifts, as whoever publishes a plan locks them
    await tx.flush()
    audit.note(tx, "caregiver.left", actor=actor, entity="caregiver", entity_id=caregiver.id)
    return caregiver, performer


async def managed_caregiver(tx: AsyncSession, provider_id: UUID, caregiver_id: UUID, *, actor: Actor) -> Staff:
    """The caregiver for a change, her provider locked; `Unknown` out of reach, `PerformerLeft` when she is gone."""
    await managed(tx, provider_id, actor=actor)
    caregiver, performer = await caregiver_of(tx, provider_id, caregiver_id)
    if performer.state != "active":
        raise PerformerLeft(performer_id=str(performer.id))
    return caregiver, performer


async def caregiver_of(tx: AsyncSession, provider_id: UUID, caregiver_id: UUID) -> Staff:
    """The provider's caregiver of that id; else `Unknown`."""
    query = select(Caregiver, Performer).join(Performer, col(Performer.id) == col(Caregiver.id))
    query = query.where(col(Caregiver.provider_id) == provider_id, col(Caregiver.id) == caregiver_id)
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise Unknown(what="caregiver")
    caregiver, performer = found
    return caregiver, performer


async def caregivers_of(tx: AsyncSession, provider_id: UUID, *, after: UUID | None, limit: int) -> list[Staff]:
    """The provider's caregivers in the order of their ids, after a cursor."""
    query = select(Caregiver, Performer).join(Performer, col(Performer.id) == col(Caregiver.id))
    query = query.where(col(Caregiver.provider_id) == provider_id).order_by(col(Caregiver.id)).limit(limit)
    if after is not None:
        query = query.where(col(Caregiver.id) > after)
    return [(caregiver, performer) for caregiver, performer in await tx.execute(query)]
