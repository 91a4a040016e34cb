"""What officers and elders could do over HTTP to people whose import is on its way, and may not: it would never end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for
from marketplace.hours.audit import prove
from marketplace.hours.importing.undoing.running import advance_undo
from tests.builders import an_actor
from tests.marketplace.hours.calling import Caller
from tests.marketplace.hours.importing.builders import a_city, carried_on, counts, imported, members_of
from tests.marketplace.hours.importing.leaving import SYSTEM, taken_back
from tests.marketplace.hours.importing.test_shutting import IN, SIGNS_IN, begun_back, states
from tests.marketplace.hours.importing.test_steps import until

Headers = Callable[[Actor], dict[str, str]]
LEAVES = {"reason": "搬家", "balance_to": "pool"}


async def test_nobody_ends_a_membership_or_names_an_account_while_its_import_goes_out(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    city = await a_city(platform)
    made, caller = await imported(platform), Caller(client, as_)
    volunteer = (await members_of(platform))["V"]
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=city.town.districts[0])
    await begun_back(platform, made)
    await advance_undo(platform, made.id)  # all are shut out
    file = f"/v1/members/{volunteer.id}"
    assert await caller.refused(f"{file}/leave", officer, LEAVES) == "member_in_transit"
    gone = {"member_id": str(volunteer.id), "reason": "died"}
    assert await caller.refused("/v1/inheritances", officer, gone) == "member_in_transit"
    grant = {"account_id": str(volunteer.account_id), "relation": "child", "scopes": ["view"]}
    assert await caller.refused(f"/v1/elders/{city.elder.id}/grants", officer, grant) == "unknown"
    group = {"name": "示例志愿队", "district_id": str(volunteer.district_id), "size": 3, "gender": "f"}
    assert await caller.refused("/v1/groups", officer, group | {"contact_id": grant["account_id"]}) == "unknown"
    assert (await taken_back(platform, made.id)).state == "undone"
    assert (await counts(platform))["member"] == 0
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_nobody_ends_a_membership_while_its_import_comes_in(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    city = await a_city(platform)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=city.town.districts[0])
    made, _ = await until(platform, "posting")
    caller, volunteer = Caller(client, as_), (await members_of(platform))["V"]
    assert await caller.refused(f"/v1/members/{volunteer.id}/leave", officer, LEAVES) == "member_in_transit"
    assert (await carried_on(platform, made)).state == "done"
    assert await states(platform) == IN


@dataclass
class Ticking:
    """A clock that is a second later each time."""

    instant: datetime

    def now(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant


async def test_two_processes_that_find_the_same_obstacle_call_it_off_once(platform: Platform) -> None:
    await a_city(platform)
    made = await begun_back(platform, await imported(platform))
    people = await members_of(platform)
    async with transaction(platform.db) as tx:
        await tx.execute(SIGNS_IN, {"id": people["V"].id})
    ticking = replace(platform, clock=Ticking(platform.now()))
    await asyncio.gather(*(advance_undo(ticking, made.id) for _ in range(6)))
    while (made := await advance_undo(platform, made.id)).state == "undoing":
        pass
    assert (made.state, made.undone_steps) == ("done", made.undo_steps)
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=SYSTEM, state="open")
        noted = text("SELECT count(*) FROM audit WHERE action = 'bank.undo_called_off'")
        assert (alert.times, await tx.scalar(noted)) == (1, 1)
    assert await states(platform) == IN
