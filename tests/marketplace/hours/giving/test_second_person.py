"""Above the limit a second person agrees; an officer acts for a member, who is told; what was given is taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account
from tests.builders import an_account
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import a_person, balances, give
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, faults, relate, rows, under

Headers = Callable[[Actor], dict[str, str]]
Json = dict[str, Any]


class Desk:
    """Posts as somebody, under Pidu's rules (gifts to any member) with a limit of 100 minutes; keeps what is told."""

    def __init__(
        self, platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver: Callable[[Platform], Awaitable[int]]
    ) -> None:
        self.told = Told()
        self.platform = replace(under(platform, "pidu", second_person_above_minutes=100), channel=self.told)
        self.client, self.as_, self._deliver = client, as_, deliver

    async def post(self, actor: Actor, path: str, body: Json, expect: int = 200) -> Json:
        answer = await self.client.post(path, json=body, headers=self.as_(actor))
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def refused(self, actor: Actor, path: str, body: Json) -> tuple[int, str]:
        answer = await self.client.post(path, json=body, headers=self.as_(actor))
        return answer.status_code, answer.json()["code"]

    async def gift(self, scene: Scene, minutes: int, actor: Actor | None = None, **more: Any) -> Json:
        body = {"to": [{"member_id": str(scene.other.member.id), "minutes": minutes}], **more}
        return await self.post(actor or scene.giver.actor, "/v1/gifts", body, 201)

    async def deliver(self) -> list[str]:
        """Bring what is due; the texts told since the last time."""
        self.told.texts.clear()
        await self._deliver(self.platform)
        return [text for _, text in self.told.texts]


@pytest.fixture
def desk(
    platform: Platform,
    client: httpx.AsyncClient,
    as_: Headers,
    deliver_all: Callable[[Platform], Awaitable[int]],
    program: Any,
) -> Desk:
    found = Desk(platform, client, as_, deliver_all)
    program.state.platform = found.platform
    return found


async def test_at_the_limit_it_is_given_at_once_and_above_it_is_held(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    assert (await desk.gift(scene, 100))["state"] == "done"
    waiting = await desk.gift(scene, 101)
    assert (waiting["state"], waiting["expires_at"]) == ("pending", "2026-03-16T01:00:00Z")
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(500, 101), (100, 0)]
    assert await faults(desk.platform) == []


async def test_another_officer_agrees_and_then_it_moves(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    address = f"/v1/orders/{order['id']}/approve"
    assert await desk.refused(scene.giver.actor, address, {}) == (403, "forbidden")
    assert await desk.refused(scene.foreign, address, {}) == (404, "unknown")
    done = await desk.post(scene.officer, address, {"reason": "spoke with her"})
    assert (done["state"], done["decided_by"]) == ("done", str(scene.officer.account_id))
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(450, 0), (150, 0)]
    assert await desk.refused(scene.colleague, address, {}) == (409, "order_over")
    told = await desk.deliver()
    assert "【六助】您收到 150 分钟（赠送）。" in told
    logged = "SELECT from_state, to_state, actor_id FROM transition_log WHERE entity = 'transfer_order'"
    assert await rows(desk.platform, logged) == [("pending", "done", scene.officer.account_id)]
    assert await faults(desk.platform) == []


async def test_who_asked_does_not_agree_nor_who_receives(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    for_her = {"on_behalf_of": str(scene.giver.member.id), "reason": "she asked me"}
    order = await desk.gift(scene, 150, scene.officer, **for_her)
    address = f"/v1/orders/{order['id']}/approve"
    assert await desk.refused(scene.officer, address, {}) == (403, "second_person_needed")
    async with transaction(desk.platform.db) as tx:  # the receiver becomes an operator
        account = await tx.get_one(Account, scene.other.actor.account_id)
        account.roles = [*account.roles, "operator"]
        await tx.flush()
        receiver = await actor_of(tx, account)
    assert await desk.refused(receiver, address, {}) == (403, "own_benefit")
    assert (await desk.post(scene.colleague, address, {}))["state"] == "done"


async def test_an_officer_does_not_act_for_a_member_to_her_own_benefit(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    async with transaction(desk.platform.db) as tx:
        account = await an_account(desk.platform, tx, Role.OFFICER, region=scene.bank.town.districts[0])
        officer = await actor_of(tx, account)
        own = await a_person(desk.platform, tx, scene.bank, account=account)
    body = {
        "to": [{"member_id": str(own.member.id), "minutes": 10}],
        "on_behalf_of": str(scene.giver.member.id),
        "reason": "for my trouble",
    }
    assert await desk.refused(officer, "/v1/gifts", body) == (403, "own_benefit")
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]


async def test_what_is_rejected_or_called_off_is_free_again(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    first, second = await desk.gift(scene, 150), await desk.gift(scene, 160)
    await desk.deliver()
    rejected = await desk.post(scene.officer, f"/v1/orders/{first['id']}/reject", {"reason": "too much at once"})
    assert (rejected["state"], rejected["decision"]) == ("rejected", "too much at once")
    assert await desk.deliver() == ["【六助】您的 150 分钟（赠送）未获批准，已退回。"]
    cancelled = await desk.post(scene.giver.actor, f"/v1/orders/{second['id']}/cancel", {"reason": "a mistake"})
    assert cancelled["state"] == "cancelled"
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]
    assert await faults(desk.platform) == []


async def test_what_nobody_decides_on_runs_out_after_two_weeks(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    await desk.deliver()
    clock.set(clock.instant + timedelta(days=14))
    assert await desk.refused(scene.officer, f"/v1/orders/{order['id']}/approve", {}) == (409, "order_over")
    assert await desk.deliver() == ["【六助】您的 150 分钟（赠送）逾期未办，已退回。"]
    assert await balances(desk.platform, scene.giver.account) == [(600, 0)]
    assert await rows(desk.platform, "SELECT state FROM transfer_order") == [("expired",)]
    assert await faults(desk.platform) == []


async def test_an_officer_acts_for_an_elder_and_she_and_her_family_are_told(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=90)
    await relate(desk.platform, scene.giver, elder)
    body = {"to": "branch", "minutes": 40, "on_behalf_of": str(member.id), "reason": "she cannot use a telephone"}
    order = await desk.post(scene.officer, "/v1/donations", body, 201)
    assert (order["on_behalf_of"], order["asked_by"]) == (str(member.id), str(scene.officer.account_id))
    said = "【六助】您的 40 分钟已转出（捐赠）。由工作人员代您办理，如有疑问请联系社区。"
    assert await desk.deliver() == [said, said]  # to her and to the child whom she lets see her
    assert len({phone for phone, _ in desk.told.texts}) == 2
    address = f"/v1/members/{member.id}/statement"
    answer = await desk.client.get(address, headers=desk.as_(scene.officer))
    assert [one["words"] for one in answer.json()["entries"]][-1] == (
        "40 minutes donated (an officer acted for the member)"
    )
    noted = "SELECT actor_id, detail->>'on_behalf_of' FROM audit WHERE action = 'order.done'"
    assert await rows(desk.platform, noted) == [(scene.officer.account_id, str(member.id))]


async def test_nobody_acts_for_a_member_beyond_the_own_branch_or_without_a_reason(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    body: Json = {"to": "city", "minutes": 10, "on_behalf_of": str(scene.giver.member.id)}
    assert await desk.refused(scene.officer, "/v1/donations", body) == (400, "reason_missing")
    body["reason"] = "she asked me"
    assert await desk.refused(scene.foreign, "/v1/donations", body) == (404, "unknown")
    assert await desk.refused(scene.other.actor, "/v1/donations", body) == (404, "unknown")
    assert await desk.post(scene.officer, "/v1/donations", body, 201)


async def test_a_gift_is_taken_back_within_a_day_and_the_receiver_is_told(desk: Desk, clock: MovableClock) -> None:
    scene = await a_scene(desk.platform)
    order, late = await desk.gift(scene, 60), await desk.gift(scene, 10)
    await desk.deliver()
    address, why = f"/v1/orders/{order['id']}/undo", {"reason": "the wrong member"}
    assert await desk.refused(scene.other.actor, address, why) == (404, "unknown")
    clock.set(clock.instant + timedelta(hours=24))
    assert (await desk.post(scene.giver.actor, address, why))["state"] == "reversed"
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(590, 0), (10, 0)]
    told = await desk.deliver()
    assert told == ["【六助】您收到的 60 分钟（赠送）已撤回。"]
    assert await desk.refused(scene.giver.actor, address, why) == (409, "order_over")
    clock.set(clock.instant + timedelta(seconds=1))
    address = f"/v1/orders/{late['id']}/undo"
    assert await desk.refused(scene.giver.actor, address, why) == (409, "too_late_to_undo")
    assert await faults(desk.platform) == []


async def test_what_the_receiver_has_spent_is_not_taken_back(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 60)
    body = {"to": "city", "minutes": 1}
    await desk.post(scene.other.actor, "/v1/donations", body, 201)
    address, why = f"/v1/orders/{order['id']}/undo", {"reason": "the wrong member"}
    assert await desk.refused(scene.giver.actor, address, why) == (409, "already_spent")
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(540, 0), (59, 0)]
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, scene.other.account, 1)
    assert (await desk.post(scene.giver.actor, address, why))["state"] == "reversed"


async def test_orders_are_seen_by_those_whom_they_concern_and_a_receiver_sees_her_own_line(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    async with transaction(desk.platform.db) as tx:
        third = await a_person(desk.platform, tx, scene.bank)
        stranger = await a_person(desk.platform, tx, scene.bank)
    to = [{"member_id": str(one.member.id), "minutes": 10} for one in (scene.other, third)]
    order = await desk.post(scene.giver.actor, "/v1/gifts", {"to": to}, 201)

    async def lines(actor: Actor) -> int | None:
        answer = await desk.client.get(f"/v1/orders/{order['id']}", headers=desk.as_(actor))
        listed = await desk.client.get("/v1/orders", headers=desk.as_(actor))
        assert (answer.status_code == 200) == bool(listed.json()["items"])
        return len(answer.json()["lines"]) if answer.status_code == 200 else None

    seen = [await lines(one) for one in (scene.giver.actor, third.actor, scene.officer, scene.operator)]
    assert seen == [2, 1, 2, 2]
    assert [await lines(one) for one in (stranger.actor, scene.foreign)] == [None, None]
    page = await desk.client.get("/v1/orders?state=pending", headers=desk.as_(scene.officer))
    assert page.json() == {"items": [], "next_after": None}


async def test_of_two_who_decide_at_once_one_does(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    address, why = f"/v1/orders/{order['id']}", {"reason": "at the same time"}
    answers = await asyncio.gather(
        desk.client.post(f"{address}/approve", json=why, headers=desk.as_(scene.officer)),
        desk.client.post(f"{address}/reject", json=why, headers=desk.as_(scene.colleague)),
        desk.client.post(f"{address}/cancel", json=why, headers=desk.as_(scene.giver.actor)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    ((state,),) = await rows(desk.platform, "SELECT state FROM transfer_order")
    moved = 150 if state == "done" else 0
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(600 - moved, 0), (moved, 0)]
    assert await faults(desk.platform) == []


async def test_a_receiver_who_moved_while_it_waited_receives_at_home(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    order = await desk.gift(scene, 150)
    await desk.post(scene.other.actor, "/v1/me/branch", {"district_id": str(scene.districts[0])}, 201)
    await desk.post(scene.officer, f"/v1/orders/{order['id']}/approve", {})
    hours = await desk.client.get("/v1/me/hours", headers=desk.as_(scene.other.actor))
    assert hours.json()["balance_minutes"] == 150
    assert await balances(desk.platform, scene.other.account) == [(0, 0)]
    assert await faults(desk.platform) == []


async def test_a_task_that_an_officer_publishes_for_an_elder_is_told_to_her(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    elder, member = await an_elder_with(desk.platform, scene, minutes=60)
    body = {
        "elder_id": str(elder.id),
        "kind": "shopping",
        "window_start": "2026-03-03T10:00:00+08:00",
        "window_end": "2026-03-03T11:00:00+08:00",
        "minutes": 30,
    }
    await desk.post(scene.officer, "/v1/tasks", body, 201)
    assert await desk.deliver() == ["【六助】已为您发布互助任务。由工作人员代您办理，如有疑问请联系社区。"]
    noted = "SELECT actor_id, detail->>'on_behalf_of' FROM audit WHERE action = 'task.published'"
    assert await rows(desk.platform, noted) == [(scene.officer.account_id, str(member.id))]


async def test_planted_damage_to_orders_is_found(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    done, waiting = await desk.gift(scene, 50), await desk.gift(scene, 150)
    ids = {"done": UUID(done["id"]), "waiting": UUID(waiting["id"])}
    damages = {
        "UPDATE transfer_order SET state = 'rejected' WHERE id = :done": "entry unexpected: order:{done}",
        "UPDATE transfer_order SET minutes = 49 WHERE id = :done": "an order moved another amount than it says: {done}",
        "UPDATE transfer_order SET state = 'expired' WHERE id = :waiting": (
            "an order that ended still holds minutes: {waiting}"
        ),
        "UPDATE transfer_line SET minutes = 149 WHERE order_id = :waiting": (
            "an order that waits holds no minutes: {waiting}"
        ),
        "UPDATE transfer_order SET state = 'reversed' WHERE id = :done": (
            "an order was taken back and its entry stands: {done}"
        ),
    }
    for damage, found in damages.items():
        name = "done" if ":done" in damage else "waiting"
        async with desk.platform.db.session() as tx:
            await tx.execute(text(damage), {name: ids[name]})
            assert found.format(**ids) in await prove(tx)
            # the session ends without a commit: the next damage begins with honest rows
    assert await faults(desk.platform) == []
