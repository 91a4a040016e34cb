"""The demo city, written into an empty database through the services: all of it or nothing, in one transaction.

Killed in the middle it leaves an empty database, so that the next start seeds again.
"""

from dataclasses import dataclass

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.catalogue.service import load_services
from marketplace.demo.population import FULL, Scale, cast_of
from marketplace.demo.seeding.caregivers import open_week
from marketplace.demo.seeding.elders import add_elders, add_families
from marketplace.demo.seeding.hours import open_time_bank
from marketplace.demo.seeding.organisations import add_providers
from marketplace.demo.seeding.regions import add_regions
from marketplace.demo.seeding.scene import Progress, Scene, silent
from marketplace.demo.seeding.staff import add_staff
from marketplace.people.regions import all_regions


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written down."""

    regions: int
    providers: int
    caregivers: int
    shifts: int
    elders: int
    families: int
    volunteers: int
    students: int
    minors: int

    def __str__(self) -> str:
        return (
            f"{self.regions} regions, {self.providers} providers, {self.caregivers} caregivers with {self.shifts}"
            f" shifts, {self.elders} elders, {self.families} families, {self.volunteers} volunteers,"
            f" {self.students} students with a group each, {self.minors} minors with their guardians"
        )


async def seed_city(
    platform: Platform, *, seed: int = 1, scale: Scale = FULL, progress: Progress | None = None
) -> Seeded | None:
    """Load the demo city; None, and nothing changed, when the database holds regions already.

    The same seed and scale give the same city, but for its ids and its days, which begin today. `progress` is told
    the step, how much of it is done, and of how much.
    """
    async with transaction(platform.db) as tx:
        if await all_regions(tx):
            return None
        cast = cast_of(seed, scale)
        scene = Scene(cast, tx, platform.vault, platform.policy, platform.now(), progress or silent)
        await load_services(tx)
        await add_regions(scene)
        await add_staff(scene)
        await add_providers(scene)
        shifts = await open_week(scene)
        await add_elders(scene)
        await add_families(scene)
        await open_time_bank(scene)
        return Seeded(
            regions=len(await all_regions(tx)),
            providers=len(scene.providers),
            caregivers=len(cast.caregivers),
            shifts=shifts,
            elders=len(scene.elders),
            families=len(cast.families),
            volunteers=len(cast.volunteers),
            students=len(cast.students),
            minors=len(cast.minors),
        )
