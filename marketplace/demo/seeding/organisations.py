"""Providers come in as any provider does: they apply, hand papers in, are checked, verified and opened for bookings."""

import dataclasses
from datetime import timedelta
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.demo.geography import build_city, distance_metres, sites
from marketplace.demo.names import organisation_names
from marketplace.demo.seeding.caregivers import employ_all
from marketplace.demo.seeding.price_list import open_offers
from marketplace.demo.seeding.scene import Scene
from marketplace.demo.seeding.staff import open_admin
from marketplace.providers import credentials, kitchens, legal_person, onboarding
from marketplace.providers.schemas.organisations import CredentialIn, ProviderIn
from marketplace.providers.schemas.staff import KitchenIn
from marketplace.web.schemas import LonLat

LUNCHES, DINNERS = 150, 60  # boxes a kitchen cooks
SERVED_NEARBY = 3  # so many nearest districts are served by a kitchen at least
VALID_DAYS = (-200, 500, 45)  # papers began, end; one provider's licence ends soon


async def add_providers(scene: Scene) -> None:
    """Six providers, one office per district; every second one runs a kitchen as well."""
    names = organisation_names(scene.cast.seed, len(scene.districts))
    for number in scene.told("providers", range(len(scene.districts)), len(scene.districts)):
        admin = await open_admin(scene, number)
        provider_id = await _apply(scene, number, names[number].zh, admin)
        # after applying the account manages its organisation
        admin = dataclasses.replace(admin, provider_id=provider_id)
        scene.providers.append(provider_id)
        scene.admins.append(admin)
        kitchen_id = await _add_kitchen(scene, number // 2, provider_id, admin) if number % 2 == 0 else None
        for kind in ("licence", "food") if kitchen_id else ("licence",):
            await _add_paper(scene, number, provider_id, kind, admin)
        await employ_all(scene, number, provider_id, admin)
        await onboarding.verify(scene.tx, provider_id, actor=scene.officers[number], now=scene.now)
        await onboarding.activate(scene.tx, provider_id, actor=scene.operator, now=scene.now)
        await open_offers(scene, provider_id, kitchen_id, admin)


async def _apply(scene: Scene, number: int, name: str, admin: Actor) -> UUID:
    lon, lat = sites(scene.cast.seed).providers[number].frontage.lonlat
    first_17 = f"52999900MJ{number + 1:07d}"
    data = ProviderIn(
        name=name,
        legal_person_code=first_17 + legal_person.check_character(first_17),
        district_id=scene.districts[number].id,
        place=LonLat(lon=lon, lat=lat),
    )
    return (await onboarding.apply(scene.tx, data, actor=admin, now=scene.now)).id


async def _add_paper(scene: Scene, number: int, provider_id: UUID, kind: str, admin: Actor) -> None:
    today = local_day(scene.now)
    began, ends, soon = VALID_DAYS
    data = CredentialIn.model_validate(
        {
            "kind": kind,
            "number": f"DEMO-{kind}-{number + 1:04d}",
            "valid_from": today + timedelta(days=began),
            "valid_until": today + timedelta(days=soon if number == 1 else ends),
        }
    )
    paper = await credentials.submit(scene.tx, provider_id, data, actor=admin, now=scene.now)
    await credentials.check(
        scene.tx,
        provider_id,
        paper.id,
        accepted=True,
        reason=None,
        actor=scene.officers[number],
        now=scene.now,
    )


async def _add_kitchen(scene: Scene, kitchen: int, provider_id: UUID, admin: Actor) -> UUID:
    site = sites(scene.cast.seed).kitchens[kitchen]
    lon, lat = site.frontage.lonlat
    data = KitchenIn(
        name=site.name.zh,
        place=LonLat(lon=lon, lat=lat),
        district_ids=[scene.districts[number].id for number in _served(scene, kitchen)],
        lunch_capacity=LUNCHES,
        dinner_capacity=DINNERS,
    )
    return (await kitchens.add_kitchen(scene.tx, provider_id, data, actor=admin)).id


def _served(scene: Scene, kitchen: int) -> list[int]:
    """The districts nearest to the kitchen, and those that have no nearer one."""
    middles = [district.centre for district in build_city().districts]
    spots = [site.frontage.lonlat for site in sites(scene.cast.seed).kitchens]
    near = sorted(range(len(middles)), key=lambda number: distance_metres(middles[number], spots[kitchen]))
    nearest_of = [min(range(len(spots)), key=lambda k: distance_metres(middle, spots[k])) for middle in middles]
    return sorted({*near[:SERVED_NEARBY], *(n for n, k in enumerate(nearest_of) if k == kitchen)})
