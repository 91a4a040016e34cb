"""Payments to other banks above the rule set's limit wait for a second person, as other transfers do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.models import Member
from tests.builders import an_actor
from tests.conftest import MONDAY_NINE
from tests.marketplace.hours.giving.scene import Told, under
from tests.marketplace.hours.links.partners import SAVED, Scene
from tests.marketplace.hours.links.test_paying import headers, payment, send
from timebank import links
from timebank.links.moves import record
from timebank.links.protocol import Answer, Step

Deliver = Callable[[Platform], Awaitable[int]]
LIMIT = 100  # minutes that one person moves alone


@dataclass
class Desk:
    """A scene under that limit, the texts that were sent, and officers of the payer's branch and of the other."""

    scene: Scene
    told: Told
    officer: Actor
    foreign: Actor

    async def asked(self, minutes: int = LIMIT + 1) -> dict[str, Any]:
        answer = await send(self.scene, "/relays", payment(self.scene, minutes))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def decide(self, request: str, *, no: bool = False, actor: Actor | None = None) -> tuple[int, dict[str, Any]]:
        path = f"/v1/payment-requests/{request}/{'reject' if no else 'approve'}"
        body = {"reason": "未经家属确认"} if no else {}
        sent = headers(actor or self.officer)
        answer = await self.scene.partner.http.post(path, json=body, headers=sent)
        return answer.status_code, answer.json()

    async def waiting(self, actor: Actor) -> list[str]:
        answer = await self.scene.partner.http.get("/v1/payment-requests", headers=headers(actor))
        return [one["id"] for one in answer.json()["items"] if one["member_id"] == str(self.scene.payer.member.id)]

    async def shown(self, request: str) -> dict[str, Any]:
        path = f"/v1/members/{self.scene.payer.member.id}/relays/{request}"
        found: dict[str, Any] = (
            await self.scene.partner.http.get(path, headers=headers(self.scene.payer.actor))
        ).json()
        return found

    async def sound(self) -> None:
        async with transaction(self.scene.platform.db) as tx:
            assert await prove(tx) == []


@pytest.fixture
async def desk(scene: Scene, program: Any) -> Desk:
    told = Told()
    platform = replace(under(scene.platform, "taiyuan", second_person_above_minutes=LIMIT), channel=told)
    platform.clock.set(MONDAY_NINE)  # type: ignore[attr-defined]
    scene.platform = program.state.platform = platform
    async with transaction(platform.db) as tx:
        own, other = scene.bank.town.districts[:2]
        officer, foreign = [await an_actor(platform, tx, Role.OFFICER, region=one) for one in (own, other)]
    return Desk(scene, told, officer, foreign)


async def test_up_to_the_limit_a_payment_goes_its_way_at_once(desk: Desk) -> None:
    assert (await desk.asked(LIMIT))["state"] == "prepared"
    assert (await desk.scene.link()).leaving == LIMIT


async def test_above_it_the_minutes_are_held_and_nobody_is_asked_yet(desk: Desk, deliver_all: Deliver) -> None:
    request = await desk.asked()
    assert (request["state"], request["minutes"], request["direction"]) == ("pending", 101, "out")
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 101)
    assert (await desk.scene.link()).leaving == 0
    assert await desk.shown(request["id"]) == request
    path = f"/v1/members/{desk.scene.payer.member.id}/relays"
    listed = await desk.scene.partner.http.get(path, headers=headers(desk.scene.payer.actor))
    assert listed.json() == {"relays": [request]}
    await deliver_all(desk.scene.platform)
    assert [text for _, text in desk.told.texts if "101" in text and "第二人" in text] != []
    await desk.sound()


async def test_a_second_person_sends_it_on_its_way_under_the_same_id(desk: Desk) -> None:
    request = await desk.asked()
    assert await desk.waiting(desk.officer) == [request["id"]]
    status, relay = await desk.decide(request["id"])
    assert (status, relay["id"], relay["state"], relay["minutes"]) == (200, request["id"], "prepared", 101)
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 101)  # still held, for the relay now
    assert (await desk.scene.link()).leaving == 101
    assert await desk.waiting(desk.officer) == []
    assert await desk.shown(request["id"]) == relay
    found = await desk.scene.relay(UUID(request["id"]))
    assert found is not None
    async with transaction(desk.scene.platform.db) as tx:
        await record(tx, found, Step.PREPARE, Answer("prepared"), now=desk.scene.platform.now())
    assert await desk.scene.balance(desk.scene.payer) == (SAVED - 101, 0)
    await desk.sound()


async def test_officers_of_other_branches_and_other_people_do_not_decide(desk: Desk) -> None:
    request = (await desk.asked())["id"]
    assert await desk.waiting(desk.foreign) == []
    status, refused = await desk.decide(request, actor=desk.foreign)
    assert (status, refused["code"]) == (404, "unknown")
    for no in (False, True):
        assert (await desk.decide(request, no=no, actor=desk.scene.payer.actor))[0] == 403
    herself = replace(desk.scene.payer.actor, roles=frozenset({Role.OFFICER}), region_path=desk.officer.region_path)
    status, refused = await desk.decide(request, actor=herself)
    assert (status, refused["code"]) == (403, "second_person_needed")
    assert (await desk.shown(request))["state"] == "pending"


async def test_a_no_gives_the_payer_everything_back_and_tells_her(desk: Desk, deliver_all: Deliver) -> None:
    request = (await desk.asked())["id"]
    status, rejected = await desk.decide(request, no=True)
    assert (status, rejected["state"], rejected["decision"]) == (200, "rejected", "未经家属确认")
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 0)
    shown = await desk.shown(request)
    assert (shown["state"], shown["reason"]) == ("rejected", "未经家属确认")
    await deliver_all(desk.scene.platform)
    assert any("未获批准" in text for _, text in desk.told.texts)
    status, refused = await desk.decide(request)
    assert (status, refused["code"]) == (409, "order_over")
    await desk.sound()


async def test_the_payer_calls_it_off_while_it_waits(desk: Desk) -> None:
    request = (await desk.asked())["id"]
    for _ in range(2):
        ended = (await send(desk.scene, f"/relays/{request}/cancel")).json()
        assert ended["state"] == "cancelled"
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 0)
    status, refused = await desk.decide(request)
    assert (status, refused["code"]) == (409, "order_over")


async def test_what_nobody_decides_in_two_weeks_is_the_payers_again(desk: Desk, deliver_all: Deliver) -> None:
    request = (await desk.asked())["id"]
    clock = desk.scene.platform.clock
    clock.set(MONDAY_NINE + timedelta(days=14))  # type: ignore[attr-defined]
    status, refused = await desk.decide(request)
    assert (status, refused["code"]) == (409, "order_over")
    await deliver_all(desk.scene.platform)
    assert (await desk.shown(request))["state"] == "expired"
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 0)
    assert any("逾期未办" in text for _, text in desk.told.texts)
    clock.set(MONDAY_NINE)  # type: ignore[attr-defined]
    await desk.sound()


async def test_what_the_link_does_not_take_now_waits_on(desk: Desk) -> None:
    request = (await desk.asked(250))["id"]
    async with transaction(desk.scene.platform.db) as tx:
        await links.hear_limit(tx, desk.scene.link_id, 249)  # the partner lets us owe less by now
    status, refused = await desk.decide(request)
    assert (status, refused["code"], refused["room"]) == (409, "link_limit_reached", 249)
    async with transaction(desk.scene.platform.db) as tx:
        await links.hear_limit(tx, desk.scene.link_id, 250)
        await links.suspend_link(tx, desk.scene.link_id, reason="a doubt", now=MONDAY_NINE)
    status, refused = await desk.decide(request)
    assert (status, refused["code"]) == (409, "link_suspended")
    assert (await desk.shown(request))["state"] == "pending"
    async with transaction(desk.scene.platform.db) as tx:
        await links.resume_link(tx, desk.scene.link_id, now=MONDAY_NINE)
    assert (await desk.decide(request))[1]["state"] == "prepared"
    await desk.sound()


async def test_a_payer_who_was_suspended_meanwhile_does_not_pay(desk: Desk) -> None:
    request = (await desk.asked())["id"]
    async with transaction(desk.scene.platform.db) as tx:
        suspended = update(Member).where(col(Member.id) == desk.scene.payer.member.id).values(state="suspended")
        await tx.execute(suspended)
    status, refused = await desk.decide(request)
    assert (status, refused["code"]) == (409, "member_inactive")
    assert (await desk.decide(request, no=True))[0] == 200  # her minutes are hers again all the same
    assert await desk.scene.balance(desk.scene.payer) == (SAVED, 0)


async def test_more_than_there_is_room_or_minutes_for_is_refused_at_once(desk: Desk) -> None:
    refused = await send(desk.scene, "/relays", payment(desk.scene, 301))  # the partner lets us owe 300
    assert (refused.status_code, refused.json()["code"]) == (409, "link_limit_reached")
    async with transaction(desk.scene.platform.db) as tx:
        await links.hear_limit(tx, desk.scene.link_id, 5_000)
    refused = await send(desk.scene, "/relays", payment(desk.scene, SAVED + 1))
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger_insufficient_balance")
    assert await desk.waiting(desk.officer) == []
    assert (await desk.decide(str(uuid4())))[0] == 404
