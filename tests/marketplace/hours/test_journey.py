"""The walk of an hour over HTTP: earned in A by helping an elder there, redeemed in B for one's mother."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import CITY, MINUTE, book_of
from marketplace.people.models import Elder
from tests.builders import an_account, an_actor, an_elder
from tests.marketplace.hours.builders import HOUR, TEN, a_bank, a_member_elder, a_person, legs_of
from timebank import net_positions

Headers = Callable[[Actor], dict[str, str]]
Deliver = Callable[[Platform], Awaitable[int]]


class Walk:
    """The steps as the people's own programs would take them."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver: Deliver) -> None:
        self.platform, self.client, self.as_, self.deliver = platform, client, as_, deliver

    async def post(self, address: str, actor: Actor, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.client.post(address, json=body, headers=self.as_(actor))
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def hours(self, actor: Actor) -> tuple[int, int]:
        found = (await self.client.get("/v1/me/hours", headers=self.as_(actor))).json()
        return found["balance_minutes"], found["held_minutes"]

    async def ask(self, actor: Actor, elder: Elder, start: datetime, paid_by: str) -> dict[str, Any]:
        body = {
            "elder_id": str(elder.id),
            "kind": "companionship",
            "window_start": start.isoformat(),
            "window_end": (start + HOUR).isoformat(),
            "minutes": 60,
            "paid_by": paid_by,
            "notes": "请带上象棋",
        }
        return await self.post("/v1/tasks", actor, body)

    async def help(self, task: dict[str, Any], helper: Actor, elder: Elder, confirmer: Actor, start: datetime) -> None:
        grabbed = await self.post(f"/v1/tasks/{task['id']}/grab", helper)
        assert grabbed["notes"] == "请带上象棋"
        assert grabbed["source_reason"] is None  # whose hours pay is not the helper's business
        for step, at in (("check-in", start), ("check-out", start + HOUR)):
            self.platform.clock.set(at)  # type: ignore[attr-defined]
            event = {
                "event_id": str(uuid4()),
                "device_at": at.isoformat(),
                "lon": elder.lon,
                "lat": elder.lat,
                "accuracy_metres": 8,
            }
            await self.post(f"/v1/assignments/{grabbed['assignment_id']}/{step}", helper, event)
        await self.post(f"/v1/visits/{grabbed['visit_id']}/confirm", confirmer)
        await self.deliver(self.platform)


async def test_an_hour_is_earned_in_one_district_and_redeemed_in_another(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        neighbour, _ = await a_member_elder(platform, tx, bank, minutes=60)
        account = await an_account(platform, tx, Role.ELDER)
        neighbour.account_id = account.id
        neighbours_own = Actor(account_id=account.id, roles=frozenset({Role.ELDER}))
        son = await a_person(platform, tx, bank, Role.VOLUNTEER, Role.FAMILY)
        mother = await an_elder(platform, tx, bank.town.communities[1])
        helper = await a_person(platform, tx, bank, district=1)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    walk = Walk(platform, client, as_, deliver_all)
    a, b = (book_of(district.id) for district in bank.town.districts)

    task = await walk.ask(neighbours_own, neighbour, TEN, "auto")
    assert task["source_kind"] == "own"
    await walk.help(task, son.actor, neighbour, neighbours_own, TEN)
    assert await walk.hours(son.actor) == (60, 0)
    assert await legs_of(platform, f"task:{task['id']}:credit") == [(a, "member", -60), (a, "member", 60)]

    grant = {"account_id": str(son.actor.account_id), "relation": "child", "scopes": ["view", "book"]}
    await walk.post(f"/v1/elders/{mother.id}/grants", officer, grant)
    later = TEN + timedelta(days=1)
    task = await walk.ask(son.actor, mother, later, "me")
    assert task["source_kind"] == "relative"
    assert await walk.hours(son.actor) == (60, 60)
    await walk.help(task, helper.actor, mother, son.actor, later)
    assert await walk.hours(son.actor) == (0, 0)
    assert await walk.hours(helper.actor) == (60, 0)
    assert await legs_of(platform, f"task:{task['id']}:credit") == sorted(
        [
            (a, "member", -60),
            (a, "clearing", 60),
            (b, "clearing", -60),
            (b, "member", 60),
            (CITY, "position", -60),
            (CITY, "position", 60),
        ]
    )
    async with transaction(platform.db) as tx:
        positions = [one for one in await net_positions(tx, CITY) if one.unit == MINUTE]
        assert await prove(tx) == []
    # A also owes for the grant that the neighbour's hour came from: clearing -60 when granted, +60 now
    # and the nights between have settled it
    assert {one.branch: one.position for one in positions} == {a: 0, b: 60}
    assert all(one.mirrored for one in positions)


async def test_volunteers_see_open_tasks_without_the_elder(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=120)
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
        volunteer = await a_person(platform, tx, bank)
    walk = Walk(platform, client, as_, deliver_all)
    first = await walk.ask(officer, elder, TEN, "auto")
    second = await walk.ask(officer, elder, TEN + HOUR, "auto")
    # one minute of latitude north of the community's middle is 1,853 m on the sphere of 6,371 km
    place = {"lon": 8.68, "lat": 49.40 + 1 / 60}
    answer = await client.get("/v1/tasks", params=place, headers=as_(volunteer.actor))
    page = answer.json()
    assert [one["id"] for one in page["items"]] == [first["id"], second["id"]]
    assert page["items"][0]["community_en"] == "Community 1"
    assert page["items"][0]["distance_metres"] == 1853
    for secret in (str(elder.id), elder.name, "示例路", "象棋"):
        assert secret not in answer.text
    assert (await client.get(f"/v1/tasks/{first['id']}", headers=as_(volunteer.actor))).status_code == 404
    after = await client.get("/v1/tasks", params={"limit": 1}, headers=as_(volunteer.actor))
    cursor = after.json()["next_after"]
    rest = await client.get("/v1/tasks", params={"after": cursor}, headers=as_(volunteer.actor))
    assert [one["id"] for one in rest.json()["items"]] == [second["id"]]
