"""A branch's pool grants to its key elders, by night or by an officer's figure."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances, legs_of
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, allocated, fill, three_elders
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]


async def test_the_pool_grants_group_by_group_once_and_says_why(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing)
    (_, second), (_, first), (_, nobody) = await three_elders(nanjing, scene)
    pool = await fill(nanjing, scene, 200)
    dry = await allocated(nanjing, scene, dry_run=True)
    assert (dry.granted_minutes, dry.short_minutes, len(dry.turns)) == (200, 40, 2)
    assert await rows(platform, "SELECT count(*) FROM transfer_order") == [(0,)]
    run = await allocated(nanjing, scene)
    assert [(turn.elder.member.id, turn.minutes) for turn in run.turns] == [(first.id, 120), (second.id, 80)]
    accounts = (first.ledger_account, second.ledger_account, nobody.ledger_account, pool)
    assert await balances(platform, *accounts) == [(120, 0), (80, 0), (0, 0), (0, 0)]
    stored = "SELECT member_id, group_rank, turn, minutes, month FROM key_grant ORDER BY turn"
    assert await rows(platform, stored) == [
        (first.id, 1, 1, 120, date(2026, 3, 1)),
        (second.id, 2, 2, 80, date(2026, 3, 1)),
    ]
    ((key,),) = await rows(platform, "SELECT 'order:' || order_id FROM key_grant WHERE turn = 1")
    book = str(scene.districts[0])
    assert await legs_of(platform, key) == [(book, "member", 120), (book, "pool", -120)]
    assert (await allocated(nanjing, scene)).turns == ()  # the pool is empty
    await fill(nanjing, scene, 100)
    again = await allocated(nanjing, scene)
    assert [(turn.elder.member.id, turn.minutes) for turn in again.turns] == [(second.id, 40)]
    assert await faults(platform) == []


async def test_in_a_group_who_received_least_comes_first_then_who_waits_longest(
    platform: Platform, clock: MovableClock
) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing)
    old = {"categories": ("empty_nest",), "birth_on": EIGHTY_ONE}
    _, early = await an_elder_with(nanjing, scene, **old)  # type: ignore[arg-type]  # named as the builder has them
    clock.set(clock.instant + timedelta(days=1))
    _, late = await an_elder_with(nanjing, scene, **old)  # type: ignore[arg-type]  # as above
    await fill(nanjing, scene, 90)
    assert [turn.elder.member.id for turn in (await allocated(nanjing, scene)).turns] == [early.id]  # 90 of 120
    await fill(nanjing, scene, 90)
    run = await allocated(nanjing, scene)
    assert [(turn.elder.member.id, turn.minutes) for turn in run.turns] == [(late.id, 90)]
    clock.set(datetime(2026, 4, 1, tzinfo=UTC))  # a new month: both at zero, `early` was granted longest ago
    await fill(nanjing, scene, 130)
    run = await allocated(nanjing, scene)
    assert [(turn.elder.member.id, turn.minutes) for turn in run.turns] == [(early.id, 120), (late.id, 10)]


async def test_an_officer_lets_the_pool_grant_by_a_figure_of_hers_and_above_the_limit_it_waits(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    program.state.platform = under(platform, "taiyuan", second_person_above_minutes=100)
    scene = await a_scene(platform)
    members = [(await an_elder_with(platform, scene, birth_on=EIGHTY_ONE))[1] for _ in range(3)]
    await fill(platform, scene, 1_000)
    address = f"/v1/branches/{scene.districts[0]}/allocations"
    for actor, status in ((scene.foreign, 404), (scene.giver.actor, 403)):
        assert (await client.post(address, json={}, headers=as_(actor))).status_code == status
    dry = (await client.post(address, json={"minutes_each": 30, "dry_run": True}, headers=as_(scene.officer))).json()
    assert (dry["granted_minutes"], dry["waits"], dry["pool_minutes"]) == (90, False, 1_000)
    run = (await client.post(address, json={"minutes_each": 40}, headers=as_(scene.officer))).json()
    assert (run["granted_minutes"], run["waits"]) == (120, True)
    pool = pool_account(scene.districts[0])
    assert await balances(platform, pool) == [(1_000, 120)]
    # what waits counts as received: nothing is promised twice
    again = (await client.post(address, json={"minutes_each": 40}, headers=as_(scene.officer))).json()
    assert again["turns"] == []
    orders = (await client.get("/v1/orders?state=pending", headers=as_(scene.colleague))).json()["items"]
    for order in orders:
        body: dict[str, str] = {}
        answer = await client.post(f"/v1/orders/{order['id']}/approve", json=body, headers=as_(scene.colleague))
        assert answer.status_code == 200, answer.text
    assert await balances(platform, pool, *(one.ledger_account for one in members)) == [(880, 0), *[(40, 0)] * 3]
    assert await faults(platform) == []
