import csv
import io
from collections.abc import Callable
from datetime import timedelta

import httpx

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.jobs import cycle_due
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Bank
from tests.marketplace.hours.test_cycles import HALF_PAST_MIDNIGHT, scene

Headers = Callable[[Actor], dict[str, str]]
DAY = timedelta(days=1)


async def a_night(platform: Platform, clock: MovableClock) -> Bank:
    """600 granted to the first branch's pool, 90 of them given to Vera of the second; then the night."""
    bank = await scene(platform)
    clock.set(HALF_PAST_MIDNIGHT)
    await cycle_due(platform, Message(name="cycle.due", ids={}))
    return bank


async def test_operators_and_regulators_see_every_branch_and_officers_their_own(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await a_night(platform, clock)
    async with transaction(platform.db) as tx:
        operator, regulator, volunteer = [
            await an_actor(platform, tx, role) for role in (Role.OPERATOR, Role.REGULATOR, Role.VOLUNTEER)
        ]
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    path = "/v1/ledger/cycles/2026-03-02"
    for reader in (operator, regulator):
        whole = (await client.get(path, headers=as_(reader))).json()
        # first: is owed the 600 granted, owes the 90 given on; the city's own part makes the sum 0
        told = sorted((line["name_en"], line["owes"], line["is_owed"], line["net"]) for line in whole["lines"])
        assert told == [("D1", 90, 600, -510), ("D2", 0, 90, -90)]
        assert whole["city_net"] == 600
    own = (await client.get(path, headers=as_(officer))).json()
    assert ([line["name_en"] for line in own["lines"]], own["city_net"]) == (["D2"], None)
    assert [(one["name_en"], one["net"]) for one in own["lines"][0]["partners"]] == [("D1", -90)]
    assert (await client.get(path, headers=as_(volunteer))).status_code == 403
    assert (await client.get("/v1/ledger/cycles/2026-03-01", headers=as_(operator))).status_code == 404


async def test_nights_are_listed_with_their_sums(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await a_night(platform, clock)
    clock.set(HALF_PAST_MIDNIGHT + DAY)
    await cycle_due(platform, Message(name="cycle.due", ids={}))
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    page = (await client.get("/v1/ledger/cycles?limit=1", headers=as_(operator))).json()
    assert ([night["on_day"] for night in page["items"]], page["next_before"]) == (["2026-03-03"], "2026-03-03")
    page = (await client.get("/v1/ledger/cycles?before=2026-03-03", headers=as_(operator))).json()
    assert [(night["branches"], night["owes"], night["is_owed"]) for night in page["items"]] == [(2, 90, 690)]
    page = (await client.get("/v1/ledger/cycles?before=2026-03-03", headers=as_(officer))).json()
    assert [(night["branches"], night["owes"], night["is_owed"]) for night in page["items"]] == [(1, 0, 90)]


async def test_a_cycle_comes_as_csv(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await a_night(platform, clock)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    answer = await client.get("/v1/ledger/cycles/2026-03-02", headers=as_(officer) | {"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    second = str(bank.town.districts[1].id)
    assert [(row["branch"], row["partner"] == "*", row["net"]) for row in rows] == [
        (second, False, "-90"),
        (second, True, "-90"),
    ]
