"""Several heirs: every minute goes to somebody, in the parts that the proof says, whenever it is agreed to."""

from typing import Any

import pytest

from marketplace.base.database import transaction
from marketplace.hours.books import pool_account
from marketplace.hours.giving.heirs import divide
from marketplace.hours.models import Member
from tests.marketplace.hours.builders import Person, a_person, balances, give
from tests.marketplace.hours.giving.desk import Desk
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("minutes", "parts", "shares"),
    [
        (90, [1], [90]),
        (100, [1, 1, 1], [34, 33, 33]),  # the minute left over to who is named first
        (101, [1, 2], [34, 67]),  # 33⅔ and 67⅓: the larger remainder gets it
        (100, [1, 1, 2], [25, 25, 50]),
        (2, [1, 1, 1], [1, 1, 0]),
        (0, [3, 1], [0, 0]),
    ],
)
def test_minutes_are_divided_by_the_largest_remainders(minutes: int, parts: list[int], shares: list[int]) -> None:
    assert divide(minutes, parts) == shares


async def three(desk: Desk, minutes: int) -> tuple[Scene, Member, Person]:
    """An elder who has died, and a second heir beside `scene.other`, of her own branch."""
    scene = await a_scene(desk.platform)
    _, gone = await an_elder_with(desk.platform, scene, minutes=minutes)
    async with transaction(desk.platform.db) as tx:
        second = await a_person(desk.platform, tx, scene.bank)
    return scene, gone, second


def to(gone: Member, *heirs: tuple[Person, int], **changed: Any) -> Json:
    named = [{"member_id": str(one.member.id), "parts": parts} for one, parts in heirs]
    return {"member_id": str(gone.id), "heirs": named, "proof": "will", "reason": "died on 1 March", **changed}


async def test_two_heirs_get_their_parts_in_one_entry_and_each_is_told_of_hers(desk: Desk) -> None:
    scene, gone, second = await three(desk, 100)
    body = to(gone, (scene.other, 2), (second, 1))
    order = await desk.post(scene.officer, "/v1/inheritances", body, 201)
    assert [(line["minutes"], line["parts"]) for line in order["lines"]] == [(67, 2), (33, 1)]
    accounts = (gone.ledger_account, scene.other.account, second.account)
    assert await balances(desk.platform, *accounts) == [(0, 0), (67, 0), (33, 0)]
    assert sorted(await desk.deliver()) == ["【六助】您收到 33 分钟（继承）。", "【六助】您收到 67 分钟（继承）。"]
    assert await faults(desk.platform) == []
    await desk.post(scene.colleague, f"/v1/orders/{order['id']}/undo", {"reason": "she is alive"})
    assert await balances(desk.platform, *accounts) == [(100, 0), (0, 0), (0, 0)]
    assert await faults(desk.platform) == []


async def test_what_passes_one_heirs_cap_is_told_to_her_alone(desk: Desk) -> None:
    scene, gone, second = await three(desk, 90)
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, second.account, 89_980)  # of at most 90,000
    await desk.post(scene.officer, "/v1/inheritances", to(gone, (scene.other, 1), (second, 1)), 201)
    pool = pool_account(scene.districts[0])
    found = await balances(desk.platform, scene.other.account, second.account, pool)
    assert found == [(45, 0), (90_000, 0), (25, 0)]
    told = sorted(await desk.deliver())
    assert told == [
        "【六助】您收到 20 分钟（继承），另有 25 分钟超出账户上限，已转入资源池。",
        "【六助】您收到 45 分钟（继承）。",
    ]
    assert await faults(desk.platform) == []


async def test_what_came_until_it_is_agreed_to_is_divided_in_the_same_parts(desk: Desk) -> None:
    scene, gone, second = await three(desk, 150)
    order = await desk.post(scene.officer, "/v1/inheritances", to(gone, (scene.other, 1), (second, 2)), 201)
    assert (order["state"], [line["minutes"] for line in order["lines"]]) == ("pending", [50, 100])
    async with transaction(desk.platform.db) as tx:
        await give(desk.platform, tx, scene.bank, gone.ledger_account, 51)  # 201: 67 and 134
    await desk.post(scene.colleague, f"/v1/orders/{order['id']}/approve", {})
    assert await balances(desk.platform, scene.other.account, second.account) == [(67, 0), (134, 0)]
    assert await faults(desk.platform) == []


async def test_who_gets_no_whole_minute_has_no_line(desk: Desk) -> None:
    scene, gone, second = await three(desk, 1)
    order = await desk.post(scene.officer, "/v1/inheritances", to(gone, (scene.other, 1), (second, 1)), 201)
    assert [line["receiver_id"] for line in order["lines"]] == [str(scene.other.member.id)]
    assert await faults(desk.platform) == []


async def test_heirs_that_cannot_be_are_refused_and_nothing_changes(desk: Desk) -> None:
    scene, gone, second = await three(desk, 90)
    both = ((scene.other, 1), (second, 1))
    refusals = [
        (to(gone, (scene.other, 1), (scene.other, 2)), (400, "named_twice")),
        (to(gone, *both, proof=None), (400, "proof_missing")),
        (to(gone, *both, heir_id=str(second.member.id)), (400, "malformed")),
        (to(gone, (scene.other, 0)), (400, "malformed")),
        (to(gone, heirs=[{"member_id": str(gone.id)}]), (400, "to_oneself")),
        (to(gone, heirs=[{"member_id": "00000000-0000-7000-8000-000000000000"}]), (409, "receiver_unknown")),
    ]
    for body, expected in refusals:
        assert await desk.refused(scene.officer, "/v1/inheritances", body) == expected, body
    desk.change(inherited_by="branch")
    assert await desk.refused(scene.officer, "/v1/inheritances", to(gone, *both)) == (409, "heir_not_allowed")
    assert await balances(desk.platform, gone.ledger_account) == [(90, 0)]
    assert await rows(desk.platform, "SELECT id FROM transfer_order") == []
