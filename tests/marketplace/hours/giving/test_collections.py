"""Collections: many give to one, each by her own consent, in one entry or not at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.models import Member
from marketplace.people.accounts import actor_of
from tests.builders import an_account
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Person, a_person, apply, balances, give, legs_of
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, relate, rows, under
from timebank import Reverse

Json = dict[str, Any]


async def family(desk: Desk, *, minutes: int = 100) -> tuple[Scene, Member, list[Person]]:
    """A mother in the second branch; three members with so many minutes each in the first."""
    scene = await a_scene(desk.platform, minutes=minutes)
    _, mother = await an_elder_with(desk.platform, scene, district=1)
    async with transaction(desk.platform.db) as tx:
        others = [await a_person(desk.platform, tx, scene.bank) for _ in range(2)]
        for one in others:
            await give(desk.platform, tx, scene.bank, one.account, minutes)
    return scene, mother, [scene.giver, *others]


async def ask(desk: Desk, scene: Scene, mother: Member, givers: list[Person], minutes: int = 30) -> Json:
    body = {
        "member_id": str(mother.id),
        "shares": [{"member_id": str(one.member.id), "minutes": minutes} for one in givers],
        "ends_at": (desk.platform.now() + timedelta(days=7)).isoformat(),
        "reason": "为母亲",
    }
    return await desk.post(scene.giver.actor, "/v1/collections", body, 201)


async def test_when_all_have_agreed_it_moves_in_one_entry(desk: Desk) -> None:
    scene, mother, givers = await family(desk)
    order = await ask(desk, scene, mother, givers)
    assert (order["state"], {line["consent"] for line in order["lines"]}) == ("collecting", {"asked"})
    told = [text for text in await desk.deliver() if "确认 30 分钟" in text]
    assert len(told) == 2  # the third is who asks, and knows
    address = f"/v1/orders/{order['id']}/consent"
    for giver in givers[:2]:
        answer = await desk.post(giver.actor, address, {})
        assert (answer["state"], len(answer["lines"])) == ("collecting", 1)
    accounts = [one.account for one in givers]
    assert await balances(desk.platform, *accounts) == [(100, 30), (100, 30), (100, 0)]
    assert await faults(desk.platform) == []
    assert (await desk.post(givers[2].actor, address, {}))["state"] == "done"
    assert await balances(desk.platform, *accounts, mother.ledger_account) == [*[(70, 0)] * 3, (90, 0)]
    legs = await legs_of(desk.platform, f"order:{order['id']}")
    assert sorted(amount for _, kind, amount in legs if kind == "member") == [-30, -30, -30, 30, 30, 30]
    assert await faults(desk.platform) == []


async def test_at_the_time_that_was_set_what_was_agreed_to_moves(desk: Desk, clock: MovableClock) -> None:
    scene, mother, givers = await family(desk)
    order = await ask(desk, scene, mother, givers)
    await desk.post(givers[0].actor, f"/v1/orders/{order['id']}/consent", {})
    await desk.post(givers[1].actor, f"/v1/orders/{order['id']}/decline", {})
    clock.set(clock.instant + timedelta(days=7))
    late = await desk.refused(givers[2].actor, f"/v1/orders/{order['id']}/consent", {})
    assert late == (409, "order_over")
    told = await desk.deliver()
    assert "【六助】您收到 30 分钟（合捐）。" in told
    accounts = [*(one.account for one in givers), mother.ledger_account]
    assert await balances(desk.platform, *accounts) == [(70, 0), (100, 0), (100, 0), (30, 0)]
    assert await rows(desk.platform, "SELECT state, minutes FROM transfer_order") == [("done", 30)]
    assert await faults(desk.platform) == []


async def test_where_nobody_agrees_it_runs_out(desk: Desk, clock: MovableClock) -> None:
    scene, mother, givers = await family(desk)
    first = await ask(desk, scene, mother, givers[:1])
    second = await ask(desk, scene, mother, givers)
    await desk.post(givers[0].actor, f"/v1/orders/{first['id']}/decline", {})
    clock.set(clock.instant + timedelta(days=7))
    await desk.deliver()
    states = "SELECT id::text, state FROM transfer_order ORDER BY id"
    assert await rows(desk.platform, states) == [(first["id"], "expired"), (second["id"], "expired")]


async def test_above_the_limit_the_collected_minutes_wait_for_a_second_person(desk: Desk) -> None:
    scene, mother, givers = await family(desk)
    order = await ask(desk, scene, mother, givers, 40)  # 120 of 100
    for giver in givers:
        answer = await desk.post(giver.actor, f"/v1/orders/{order['id']}/consent", {})
    assert answer["state"] == "pending"
    assert await balances(desk.platform, *(one.account for one in givers)) == [(100, 40)] * 3
    assert await faults(desk.platform) == []
    # the receiver is at home in the second branch: its officer agrees
    assert await desk.refused(scene.officer, f"/v1/orders/{order['id']}/approve", {}) == (404, "unknown")
    assert (await desk.post(scene.foreign, f"/v1/orders/{order['id']}/approve", {}))["state"] == "done"
    assert await balances(desk.platform, mother.ledger_account) == [(120, 0)]
    assert await faults(desk.platform) == []


async def test_where_a_correction_took_a_givers_minutes_nothing_moves_and_the_others_are_free_again(
    desk: Desk, clock: MovableClock
) -> None:
    scene, mother, givers = await family(desk, minutes=30)
    order = await ask(desk, scene, mother, givers)
    for giver in givers[:2]:
        await desk.post(giver.actor, f"/v1/orders/{order['id']}/consent", {})
    query = "SELECT e.key FROM ledger_entry e JOIN ledger_posting p ON p.entry = e.id WHERE p.account = :id"
    ((key,),) = await rows(desk.platform, query, id=givers[0].account)
    await apply(desk.platform, [Reverse("undo", key, desk.platform.now(), "granted by mistake")])
    clock.set(clock.instant + timedelta(days=7))
    await desk.deliver()
    assert await rows(desk.platform, "SELECT state FROM transfer_order") == [("expired",)]
    assert await balances(desk.platform, *(one.account for one in givers)) == [(0, 0), (30, 0), (30, 0)]
    assert await faults(desk.platform) == []


async def test_an_officer_agrees_for_nobody_to_her_own_benefit(desk: Desk) -> None:
    scene, _, givers = await family(desk)
    async with transaction(desk.platform.db) as tx:
        account = await an_account(desk.platform, tx, Role.OFFICER, region=scene.bank.town.districts[0])
        officer = await actor_of(tx, account)
        own = await a_person(desk.platform, tx, scene.bank, account=account)
    order = await ask(desk, scene, own.member, givers)
    for_her = {"on_behalf_of": str(givers[1].member.id), "reason": "by telephone"}
    address = f"/v1/orders/{order['id']}/consent"
    assert await desk.refused(officer, address, for_her) == (403, "own_benefit")


async def test_called_off_it_gives_back_what_was_held(desk: Desk) -> None:
    scene, mother, givers = await family(desk)
    order = await ask(desk, scene, mother, givers)
    await desk.post(givers[1].actor, f"/v1/orders/{order['id']}/consent", {})
    address, why = f"/v1/orders/{order['id']}/cancel", {"reason": "she recovered"}
    assert await desk.refused(givers[2].actor, address, why) == (404, "unknown")
    assert (await desk.post(scene.giver.actor, address, why))["state"] == "cancelled"
    assert await balances(desk.platform, givers[1].account) == [(100, 0)]


async def test_who_cannot_give_so_much_is_refused_and_may_still_decline(desk: Desk) -> None:
    scene, mother, givers = await family(desk, minutes=20)
    order = await ask(desk, scene, mother, givers)
    address = f"/v1/orders/{order['id']}"
    assert await desk.refused(givers[0].actor, f"{address}/consent", {}) == (409, "not_enough_minutes")
    await desk.post(givers[0].actor, f"{address}/decline", {})
    assert await desk.refused(givers[0].actor, f"{address}/consent", {}) == (409, "not_asked")
    assert await desk.refused(scene.other.actor, f"{address}/consent", {}) == (404, "unknown")
    nothing = "/v1/orders/00000000-0000-7000-8000-000000000000/consent"
    assert await desk.refused(scene.other.actor, nothing, {}) == (404, "unknown")


async def test_an_officer_agrees_for_a_giver_who_cannot(desk: Desk) -> None:
    scene, mother, givers = await family(desk)
    order = await ask(desk, scene, mother, givers)
    for_her = {"on_behalf_of": str(givers[1].member.id), "reason": "by telephone"}
    await desk.post(scene.officer, f"/v1/orders/{order['id']}/consent", for_her)
    assert await balances(desk.platform, givers[1].account) == [(100, 30)]


async def test_a_collection_of_gifts_to_a_stranger_needs_rules_that_allow_it(
    platform: Platform, client: httpx.AsyncClient, as_: Callable[[Actor], dict[str, str]], program: Any
) -> None:
    program.state.platform = under(platform, "taiyuan", donees=("elder",))  # and gifts to relatives
    scene = await a_scene(platform)
    elder, mother = await an_elder_with(platform, scene)
    await relate(platform, scene.giver, elder)
    shares = [{"member_id": str(one.member.id), "minutes": 10} for one in (scene.giver, scene.other)]
    ends_at = (platform.now() + timedelta(days=1)).isoformat()

    async def collect(to: Member, **changed: Any) -> httpx.Response:
        body = {"member_id": str(to.id), "shares": shares, "ends_at": ends_at, **changed}
        return await client.post("/v1/collections", json=body, headers=as_(scene.giver.actor))

    answer = await collect(mother)
    assert [line["counts_as"] for line in answer.json()["lines"]] == ["gift", "donation"]
    answer = await collect(scene.other.member, shares=shares[:1])
    assert (answer.status_code, answer.json()["code"]) == (409, "gifts_not_allowed")
    answer = await collect(mother, shares=[*shares, shares[0]])
    assert (answer.status_code, answer.json()["code"]) == (400, "named_twice")
    for ends in (platform.now(), platform.now() + timedelta(days=61)):
        answer = await collect(mother, ends_at=ends.isoformat())
        assert (answer.status_code, answer.json()["code"]) == (400, "instant_not_possible")
