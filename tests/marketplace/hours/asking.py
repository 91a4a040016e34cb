"""Who asks in the tests of bad input: an elder with hours, a task, an officer, a volunteer, another's family."""

from dataclasses import dataclass

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from tests.builders import an_actor
from tests.marketplace.hours.builders import HOUR, TEN, a_bank, a_member_elder, a_person, a_task

AVAILABILITY = {
    "starts_at": (TEN - HOUR).isoformat(),
    "ends_at": (TEN + HOUR).isoformat(),
    "place": {"lon": 8.68, "lat": 49.4},
}


@dataclass(frozen=True)
class Asking:
    elder_id: str
    foreign_elder_id: str
    task_id: str
    district_id: str
    officer: Actor
    volunteer: Actor
    family: Actor


async def an_asking(platform: Platform) -> Asking:
    """In a fresh database."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        foreign, _ = await a_member_elder(platform, tx, bank, district=1, minutes=120)
        task = await a_task(platform, tx, elder)
        volunteer = await a_person(platform, tx, bank)
        return Asking(
            elder_id=str(elder.id),
            foreign_elder_id=str(foreign.id),
            task_id=str(task.id),
            district_id=str(elder.district_id),
            officer=await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0]),
            volunteer=volunteer.actor,
            family=await an_actor(platform, tx, Role.FAMILY),
        )
