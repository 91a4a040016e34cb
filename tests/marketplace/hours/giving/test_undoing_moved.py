"""What was given is taken back also from who moved to another branch since, and by who did; not from who left."""

import asyncio
from typing import Any
from uuid import UUID

import timebank
from marketplace.base.database import transaction
from marketplace.hours.books import CITY, book_of, member_account
from tests.marketplace.hours.builders import Person, balances, give, legs_of
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows

WHY = {"reason": "the wrong member"}


async def moves(desk: Desk, person: Person, district: UUID) -> UUID:
    """She is at home there from now on; her account there."""
    await desk.post(person.actor, "/v1/me/branch", {"district_id": str(district)}, 201)
    return member_account(district, f"account:{person.actor.account_id}")


async def given(desk: Desk, scene: Scene, minutes: int) -> tuple[str, str]:
    order = await desk.gift(scene, minutes)
    return order["id"], f"/v1/orders/{order['id']}/undo"


async def said(desk: Desk, person: Person) -> list[tuple[int, str]]:
    answer = await desk.client.get(
        f"/v1/members/{person.member.id}/statement", headers=desk.as_(person.actor) | {"Accept-Language": "en"}
    )
    return [(one["minutes"], one["words"]) for one in answer.json()["entries"]]


async def test_who_moved_gives_it_back_from_where_she_is_at_home_and_has_it_back_there(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    first, second = scene.districts
    order, address = await given(desk, scene, 60)
    gave, received = scene.giver.account, scene.other.account
    received_at = await moves(desk, scene.other, first)
    gave_at = await moves(desk, scene.giver, second)
    assert await balances(desk.platform, gave, gave_at, received, received_at) == [(0, 0), (540, 0), (0, 0), (60, 0)]
    assert (await desk.post(scene.giver.actor, address, WHY))["state"] == "reversed"
    assert await balances(desk.platform, gave, gave_at, received, received_at) == [(0, 0), (600, 0), (0, 0), (0, 0)]
    states = "SELECT state FROM ledger_account WHERE id = ANY(:ids) ORDER BY array_position(:ids, id)"
    found = await rows(desk.platform, states, ids=[gave, gave_at, received, received_at])
    assert [state for (state,) in found] == ["closed", "open", "closed", "open"]
    mirrored = [  # of the gift: A gave 60 to B; now every leg the other way round
        (book_of(first), "member", 60),
        (book_of(first), "clearing", -60),
        (book_of(second), "clearing", 60),
        (book_of(second), "member", -60),
        (CITY, "position", 60),
        (CITY, "position", -60),
    ]
    assert await legs_of(desk.platform, f"order:{order}:undo") == sorted(mirrored)
    assert (await said(desk, scene.other))[-3:] == [
        (-60, "60 minutes brought back to the former branch to be taken back"),
        (60, "60 minutes brought back from the new branch to be taken back"),
        (-60, "60 minutes taken back by a correction"),
    ]
    async with transaction(desk.platform.db) as tx:  # Σ of what the branches owe one another: 600 are Vera's, now of B
        nets = {one.branch: one.clearing for one in await timebank.net_positions(tx, CITY)}
    assert (nets[book_of(first)], nets[book_of(second)]) == (0, -600)
    assert await faults(desk.platform) == []
    await moves(desk, scene.other, second)  # and her account opens again as ever
    again = await desk.gift(scene, 10)
    assert (await desk.post(scene.foreign, f"/v1/orders/{again['id']}/undo", WHY))["state"] == "reversed"
    assert await faults(desk.platform) == []


async def test_what_who_moved_has_spent_is_not_taken_back_and_nothing_is_changed(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    _, address = await given(desk, scene, 60)
    home = await moves(desk, scene.other, scene.districts[0])
    await desk.post(scene.other.actor, "/v1/donations", {"to": "city", "minutes": 1}, 201)
    assert await desk.refused(scene.giver.actor, address, WHY) == (409, "already_spent")
    assert await balances(desk.platform, scene.giver.account, scene.other.account, home) == [(540, 0), (0, 0), (59, 0)]
    assert await faults(desk.platform) == []


async def test_a_giver_whose_new_account_has_no_room_is_told_and_nothing_is_lost(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    _, address = await given(desk, scene, 60)
    home = await moves(desk, scene.giver, scene.districts[1])
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, home, 89_401)  # 540 of hers and room for 59 more
    assert await desk.refused(scene.giver.actor, address, WHY) == (409, "giver_full")
    assert await balances(desk.platform, home, scene.other.account) == [(89_941, 0), (60, 0)]
    await desk.post(scene.giver.actor, "/v1/donations", {"to": "city", "minutes": 1}, 201)
    assert (await desk.post(scene.giver.actor, address, WHY))["state"] == "reversed"
    assert await balances(desk.platform, home, scene.other.account) == [(90_000, 0), (0, 0)]
    assert await faults(desk.platform) == []


async def test_an_undo_and_a_move_at_once_do_one_after_the_other(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    there = str(scene.districts[0])
    for _ in range(3):
        _, address = await given(desk, scene, 10)
        calls: list[Any] = [
            desk.client.post(address, json=WHY, headers=desk.as_(scene.giver.actor)),
            desk.client.post("/v1/me/branch", json={"district_id": there}, headers=desk.as_(scene.other.actor)),
            desk.client.post(address, json=WHY, headers=desk.as_(scene.giver.actor)),
        ]
        answers = [answer.status_code for answer in await asyncio.gather(*calls)]
        assert (answers[1], sorted((answers[0], answers[2]))) == (201, [200, 409])
        there = str(scene.districts[1]) if there == str(scene.districts[0]) else str(scene.districts[0])
        assert await balances(desk.platform, scene.giver.account) == [(600, 0)]
    assert await faults(desk.platform) == []


async def test_nothing_is_taken_back_from_who_left_or_for_her_until_she_is_back(desk: Desk) -> None:
    scene = await a_scene(desk.platform, minutes=100)
    _, address = await given(desk, scene, 60)
    leaving = {"reason": "moves away", "balance_to": "pool"}
    await desk.post(scene.giver.actor, f"/v1/members/{scene.giver.member.id}/leave", leaving)
    assert await desk.refused(scene.officer, address, WHY) == (409, "giver_left")
    await desk.post(scene.giver.actor, "/v1/members", {"district_id": str(scene.districts[0])}, 201)
    assert (await desk.post(scene.officer, address, WHY))["state"] == "reversed"
    assert await balances(desk.platform, scene.giver.account, scene.other.account) == [(60, 0), (0, 0)]
    _, address = await given(desk, scene, 60)
    await desk.post(scene.other.actor, f"/v1/members/{scene.other.member.id}/leave", leaving)
    answer = await desk.client.post(address, json=WHY, headers=desk.as_(scene.giver.actor) | {"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (409, "receiver_left")
    assert "have the pool grant her the minutes" in answer.json()["detail"]
    assert await faults(desk.platform) == []


async def test_an_inheritance_is_taken_back_from_an_heir_who_moved(desk: Desk) -> None:
    scene = await a_scene(desk.platform)
    _, gone = await an_elder_with(desk.platform, scene, minutes=90)
    body = {"member_id": str(gone.id), "reason": "died", "heir_id": str(scene.other.member.id), "proof": "notary"}
    order = await desk.post(scene.officer, "/v1/inheritances", body, 201)
    home = await moves(desk, scene.other, scene.districts[0])
    assert await balances(desk.platform, gone.ledger_account, home) == [(0, 0), (90, 0)]
    await desk.post(scene.colleague, f"/v1/orders/{order['id']}/undo", {"reason": "she is alive"})
    assert await balances(desk.platform, gone.ledger_account, scene.other.account, home) == [(90, 0), (0, 0), (0, 0)]
    assert await faults(desk.platform) == []
