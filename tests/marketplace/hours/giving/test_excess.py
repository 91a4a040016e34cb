"""What passes a volunteer's caps goes to the pool of her choice, in the entry of the credit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY, book_of, pool_account, reserve_account
from marketplace.hours.errors import PoolNotOffered
from marketplace.hours.members.excess import choose_pool
from marketplace.hours.models import Member
from tests.marketplace.hours.builders import TEN, a_member_elder, a_task, balances, give, legs_of, serve, task_now
from tests.marketplace.hours.giving.scene import Scene, a_scene, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]


async def choose(platform: Platform, scene: Scene, excess_to: str) -> None:
    async with transaction(platform.db) as tx:
        member = await tx.get_one(Member, scene.giver.member.id)
        rules = platform.policy.timebank
        await choose_pool(tx, member, excess_to, rules=rules, actor=scene.giver.actor, on_behalf_of=None)


async def serve_all(platform: Platform, scene: Scene, minutes: list[int]) -> list[str]:
    """The giver serves an elder of her branch so many times on one day; the tasks' keys."""
    async with transaction(platform.db) as tx:
        elder, _ = await a_member_elder(platform, tx, scene.bank, minutes=sum(minutes))
        starts = [TEN + timedelta(hours=4.5 * number - 2) for number in range(len(minutes))]
        pairs = zip(minutes, starts, strict=True)
        tasks = [await a_task(platform, tx, elder, minutes=one, start=start) for one, start in pairs]
    for task in tasks:
        await serve(platform, task, scene.giver, task.minutes)
    return [f"task:{task.id}:credit" for task in tasks]


async def test_who_chose_the_city_gives_the_excess_of_a_day_of_several_tasks_to_its_reserve(platform: Platform) -> None:
    scene = await a_scene(platform, minutes=0)
    await choose(platform, scene, "city")
    # 240 + 210 = 450 of 480 a day: of the third task's 60 minutes 30 fit
    *_, last = await serve_all(platform, scene, [240, 210, 60])
    assert await balances(platform, scene.giver.account, reserve_account()) == [(480, 0), (30, 0)]
    home = book_of(scene.districts[0])
    assert await legs_of(platform, last) == sorted(
        [
            (home, "member", -30),
            (home, "member", 30),
            (home, "member", -30),
            (home, "clearing", 30),
            (CITY, "position", -30),
            (CITY, "reserve", 30),
        ]
    )
    assert await faults(platform) == []


async def test_day_cap_and_balance_cap_meet_in_one_credit_and_the_smaller_room_counts(platform: Platform) -> None:
    # 89,600 saved of 90,000; 240 and 100 earned leave 140 of the day and 60 of the balance: of 120 minutes 60 fit
    scene = await a_scene(platform, minutes=89_600)
    *_, last = await serve_all(platform, scene, [240, 100, 120])
    pool = pool_account(scene.districts[0])
    assert await balances(platform, scene.giver.account, pool) == [(90_000, 0), (60, 0)]
    home = book_of(scene.districts[0])
    assert await legs_of(platform, last) == sorted(
        [(home, "member", -60), (home, "member", 60), (home, "member", -60), (home, "pool", 60)]
    )
    assert await faults(platform) == []


async def test_excess_of_the_pools_own_minutes_goes_to_the_city_where_that_was_chosen(platform: Platform) -> None:
    scene = await a_scene(platform, minutes=89_990)
    await choose(platform, scene, "city")
    async with transaction(platform.db) as tx:
        elder, _ = await a_member_elder(platform, tx, scene.bank)
        pool = pool_account(elder.district_id)
        await give(platform, tx, scene.bank, pool, 60)
        task = await a_task(platform, tx, elder)
    assert task.source_kind == "pool"
    await serve(platform, task, scene.giver, 60)
    done = await task_now(platform, task)
    assert (done.credited_minutes, done.excess_minutes, done.excess_account) == (10, 50, reserve_account())
    assert await balances(platform, pool, reserve_account()) == [(0, 0), (50, 0)]
    assert await faults(platform) == []


async def test_a_choice_that_the_rule_set_no_longer_offers_falls_back_on_its_first(platform: Platform) -> None:
    scene = await a_scene(platform, minutes=0)
    await choose(platform, scene, "city")
    rules = platform.policy.timebank
    earning = rules.earning.model_copy(update={"excess_to": ("branch",)})
    changed = rules.model_copy(update={"earning": earning, "day_cap_minutes": 120})
    stricter = replace(platform, policy=platform.policy.model_copy(update={"timebank": changed}))
    await serve_all(stricter, scene, [100, 60])
    pool = pool_account(scene.districts[0])
    assert await balances(platform, scene.giver.account, pool, reserve_account()) == [(120, 0), (40, 0), (0, 0)]


async def test_a_pool_that_is_not_offered_is_not_chosen(platform: Platform) -> None:
    scene = await a_scene(platform, minutes=0)
    with pytest.raises(PoolNotOffered) as refused:
        await choose(under(platform, "changning"), scene, "city")
    assert refused.value.data == {"offered": "branch"}


async def test_the_choice_is_made_over_http_and_by_an_officer_with_a_reason(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    scene = await a_scene(platform, minutes=0)
    answer = await client.post("/v1/me/excess", json={"excess_to": "city"}, headers=as_(scene.giver.actor))
    assert answer.status_code == 200, answer.text
    for_her = {"excess_to": "branch", "on_behalf_of": str(scene.giver.member.id)}
    refused = await client.post("/v1/me/excess", json=for_her, headers=as_(scene.officer))
    assert (refused.status_code, refused.json()["code"]) == (400, "reason_missing")
    foreign = await client.post("/v1/me/excess", json={**for_her, "reason": "asked me"}, headers=as_(scene.foreign))
    assert foreign.status_code == 404
    answer = await client.post("/v1/me/excess", json={**for_her, "reason": "asked me"}, headers=as_(scene.officer))
    assert answer.status_code == 200, answer.text
    told = "detail->>'excess_to', detail->>'on_behalf_of'"
    query = f"SELECT actor_id, {told} FROM audit WHERE action = 'member.excess' ORDER BY id"
    found = await rows(platform, query)
    assert found == [
        (scene.giver.actor.account_id, "city", None),
        (scene.officer.account_id, "branch", str(scene.giver.member.id)),
    ]
