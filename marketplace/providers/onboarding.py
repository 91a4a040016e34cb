"""How an organisation comes in: it applies, an officer verifies its papers, an operator opens it for bookings.

The checklist has three items: legal person, qualification papers, trained staff. No pass, no bookings (Nanyang's
credit supervision, entry rule: 独立法人, 专业资质, 专职团队).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, locks
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.people.models import Account, Region
from marketplace.providers import legal_person
from marketplace.providers.errors import AlreadyEmployed, ChecklistOpen, Impossible, LegalPersonTaken
from marketplace.providers.models import PROVIDER_STEPS, Caregiver, Kitchen, Provider
from marketplace.providers.reach import managed
from marketplace.providers.schemas.organisations import Checklist, ProviderIn
from marketplace.providers.standing import has_valid
from marketplace.visits.models import Performer

PREMISES = frozenset({"canteen", "day_care", "nursing_home"})  # elders come to these, so the fire brigade does too


async def apply(tx: AsyncSession, data: ProviderIn, *, actor: Actor, now: datetime) -> Provider:
    """Write an application down. An applicant with the role provider becomes the organisation's admin."""
    await require_district(tx, data.district_id)
    if not legal_person.is_valid(data.legal_person_code):
        raise Impossible(pointer="/legal_person_code", reason="the check character does not fit")
    await _lock_code(tx, data.legal_person_code)
    if await tx.scalar(select(col(Provider.id)).where(col(Provider.legal_person_code) == data.legal_person_code)):
        raise LegalPersonTaken(pointer="/legal_person_code")
    provider = Provider(
        name=data.name,
        kind=data.kind,
        legal_person_code=data.legal_person_code,
        district_id=data.district_id,
        lon=data.place.lon,
        lat=data.place.lat,
        applied_at=now,
    )
    tx.add(provider)
    await tx.flush()
    if actor.account_id is not None and Role.PROVIDER in actor.roles:
        await _employ(tx, actor.account_id, provider.id)
    audit.note(tx, "provider.applied", actor=actor, entity="provider", entity_id=provider.id)
    return provider


async def require_district(tx: AsyncSession, district_id: UUID, *, pointer: str = "/district_id") -> Region:
    """The region, which must be a district; else `Unknown`."""
    region = await tx.get(Region, district_id)
    if region is None or region.level != "district":
        raise Unknown(pointer=pointer, what="district")
    return region


async def _lock_code(tx: AsyncSession, code: str) -> None:
    """Two applications with one code come one after the other, so that the second gets a clear answer."""
    await locks.wait_for(tx, f"legal person {code}")


async def _employ(tx: AsyncSession, account_id: UUID, provider_id: UUID) -> None:
    account = await tx.scalar(select(Account).where(col(Account.id) == account_id).with_for_update())
    if account is None:
        raise Unknown(what="account")
    if account.provider_id is not None:
        raise AlreadyEmployed
    account.provider_id = provider_id
    await tx.flush()


async def checklist(tx: AsyncSession, provider: Provider, on: date) -> Checklist:
    """What is fulfilled on that day. Who cooks needs the food licence too, who takes guests in the fire certificate."""
    staff = exists().where(
        col(Caregiver.provider_id) == provider.id,
        col(Caregiver.trained_on) <= on,
        col(Performer.id) == col(Caregiver.id),
        col(Performer.state) == "active",
    )
    cooks = bool(await tx.scalar(select(exists().where(col(Kitchen.provider_id) == provider.id))))
    papers = ["licence", *(["food"] if cooks else []), *(["fire"] if provider.kind in PREMISES else [])]
    missing = [kind for kind in papers if not await has_valid(tx, provider.id, kind, on)]
    return Checklist(
        legal_person=legal_person.is_valid(provider.legal_person_code),
        qualification=not missing,
        missing_credentials=missing,
        trained_staff=bool(await tx.scalar(select(staff))),
    )


async def verify(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime) -> Provider:
    """An officer has seen the papers. `ChecklistOpen` while one is missing."""
    provider = await managed(tx, provider_id, actor=actor)
    if provider.state != "applied":
        raise IllegalTransition(state=provider.state, wanted="verified")
    found = await checklist(tx, provider, local_day(now))
    if not (found.legal_person and found.qualification):
        raise ChecklistOpen(missing=", ".join(found.missing_credentials) or "legal_person")
    await move(tx, provider, "verified", PROVIDER_STEPS, actor=actor, now=now)
    return provider


async def activate(tx: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime) -> Provider:
    """Open a verified provider for bookings. `ChecklistOpen` while papers or trained staff are missing."""
    provider = await managed(tx, provider_id, actor=actor)
    if provider.state != "verified":  # from a suspension one resumes, from a lapse one renews
        raise IllegalTransition(state=provider.state, wanted="active")
    found = await checklist(tx, provider, local_day(now))
    missing = [*found.missing_credentials, *([] if found.trained_staff else ["trained_staff"])]
    if missing:
        raise ChecklistOpen(missing=", ".join(missing))
    await move(tx, provider, "active", PROVIDER_STEPS, actor=actor, now=now)
    return provider
