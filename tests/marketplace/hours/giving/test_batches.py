"""Waiting grants are decided many at once: by branch and month or by a list, each row with its answer. Taiyuan's rules
with a limit of 100 minutes, so that a run of the pool by an officer's figure waits for a second person.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.clock import LOCAL
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from marketplace.hours.models import Member
from marketplace.hours.routes import deciding
from marketplace.people.accounts import actor_of
from tests.builders import an_account
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances, give
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, fill
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]
Json = dict[str, Any]
MARCH = "2026-03-15"


class Branch:
    """Three elders for whom an officer's run granted 40 minutes each, which wait; 1,000 were in the pool."""

    def __init__(self, client: httpx.AsyncClient, as_: Headers, scene: Scene, members: list[Member]) -> None:
        self.client, self.as_, self.scene, self.members = client, as_, scene, members
        self.pool = pool_account(scene.districts[0])

    async def ids(self, state: str = "pending") -> list[str]:
        found = await self.client.get(f"/v1/orders?state={state}", headers=self.as_(self.scene.colleague))
        return sorted(order["id"] for order in found.json()["items"])

    def month(self, **changed: Any) -> Json:
        return {"verdict": "approve", "district_id": str(self.scene.districts[0]), "month": MARCH, **changed}

    async def decide(self, body: Json, actor: Actor | None = None) -> tuple[int, Json]:
        headers = self.as_(actor or self.scene.colleague)
        answer = await self.client.post("/v1/orders/decisions", json=body, headers=headers)
        return answer.status_code, answer.json()


@pytest.fixture
async def branch(platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any) -> Branch:
    program.state.platform = under(platform, "taiyuan", second_person_above_minutes=100)
    scene = await a_scene(platform)
    members = [(await an_elder_with(platform, scene, birth_on=EIGHTY_ONE))[1] for _ in range(3)]
    await fill(platform, scene, 1_000)
    address = f"/v1/branches/{scene.districts[0]}/allocations"
    run = await client.post(address, json={"minutes_each": 40}, headers=as_(scene.officer))
    assert (run.json()["granted_minutes"], run.json()["waits"]) == (120, True)
    return Branch(client, as_, scene, members)


async def test_a_months_grants_are_agreed_to_at_once_after_a_dry_run_that_changes_nothing(
    platform: Platform, branch: Branch
) -> None:
    accounts = [one.ledger_account for one in branch.members]
    status, dry = await branch.decide(branch.month(dry_run=True))
    assert (status, dry["dry_run"], dry["decided"], dry["refused"], dry["minutes"]) == (200, True, 3, 0, 120)
    assert await balances(platform, branch.pool, *accounts) == [(1_000, 120), *[(0, 0)] * 3]
    assert await rows(platform, "SELECT DISTINCT state, decided_by FROM transfer_order") == [("pending", None)]
    status, done = await branch.decide(branch.month(reason="as the committee decided"))
    assert (status, done["decided"], done["minutes"]) == (200, 3, 120)
    assert [row["order_id"] for row in done["rows"]] == await branch.ids("done")
    assert {(row["kind"], row["minutes"], row["outcome"], row["code"]) for row in done["rows"]} == {
        ("pool_grant", 40, "done", None)
    }
    assert {row["receiver_ids"][0] for row in done["rows"]} == {str(one.id) for one in branch.members}
    assert await balances(platform, branch.pool, *accounts) == [(880, 0), *[(40, 0)] * 3]
    decided = "SELECT DISTINCT decided_by, decision FROM transfer_order"
    assert await rows(platform, decided) == [(branch.scene.colleague.account_id, "as the committee decided")]
    status, again = await branch.decide(branch.month(reason="once more"))
    assert (status, again["rows"], again["next_after"]) == (200, [], None)
    assert await faults(platform) == []


async def test_who_asked_decides_none_of_them_and_others_learn_nothing(platform: Platform, branch: Branch) -> None:
    status, own = await branch.decide(branch.month(), branch.scene.officer)
    assert (status, own["decided"], own["refused"]) == (200, 0, 3)
    assert {(row["outcome"], row["code"]) for row in own["rows"]} == {("refused", "second_person_needed")}
    assert own["rows"][0]["detail"]
    assert (await branch.decide(branch.month(), branch.scene.foreign))[0] == 404
    assert (await branch.decide(branch.month(), branch.scene.giver.actor))[0] == 403
    ids = await branch.ids()
    status, foreign = await branch.decide({"verdict": "approve", "order_ids": ids}, branch.scene.foreign)
    assert {(row["kind"], row["minutes"], row["code"]) for row in foreign["rows"]} == {(None, 0, "unknown")}
    assert await balances(platform, branch.pool) == [(1_000, 120)]


async def test_a_row_that_cannot_be_decided_is_refused_by_name_and_the_others_are(
    platform: Platform, branch: Branch
) -> None:
    first, second, third = await branch.ids()
    receivers = "SELECT receiver_id FROM transfer_line WHERE order_id = :order"
    ((full,),) = await rows(platform, receivers, order=first)
    ((helper,),) = await rows(platform, receivers, order=third)
    async with transaction(platform.db) as tx:
        member = await tx.get_one(Member, full)
        await give(platform, tx, branch.scene.bank, member.ledger_account, 89_970)  # 40 more pass 90,000
        # the elder of the third grant signs in, and is an officer of the branch
        account = await an_account(platform, tx, Role.OFFICER, region=branch.scene.bank.town.districts[0])
        (await tx.get_one(Member, helper)).account_id = account.id
        herself = await actor_of(tx, account)
    nobody = "00000000-0000-7000-8000-000000000000"
    asked = {"verdict": "approve", "order_ids": [third, nobody, first, second, first]}
    for dry_run in (True, False):
        status, found = await branch.decide({**asked, "dry_run": dry_run}, herself)
        assert status == 200
        assert [(row["order_id"], row["outcome"], row["code"]) for row in found["rows"]] == [
            (nobody, "refused", "unknown"),
            (first, "refused", "receiver_full"),
            (second, "done", None),
            (third, "refused", "own_benefit"),
        ]
        assert (found["decided"], found["refused"], found["minutes"]) == (1, 3, 40)
        moved = 0 if dry_run else 40
        assert await balances(platform, branch.pool) == [(1_000 - moved, 120 - moved)]
    status, later = await branch.decide({"verdict": "approve", "order_ids": [second]})
    assert later["rows"][0]["code"] == "order_over"
    assert await faults(platform) == []


async def test_many_are_refused_with_a_reason_and_their_minutes_are_free(platform: Platform, branch: Branch) -> None:
    assert (await branch.decide(branch.month(verdict="reject")))[0] == 400  # without a reason
    status, done = await branch.decide(branch.month(verdict="reject", reason="the figure was wrong"))
    assert (status, {row["outcome"] for row in done["rows"]}) == (200, {"rejected"})
    assert await balances(platform, branch.pool) == [(1_000, 0)]
    assert await faults(platform) == []


async def test_a_batch_that_names_nobody_or_in_two_ways_is_malformed(branch: Branch) -> None:
    impossible: list[Json] = [
        {"order_ids": ["00000000-0000-7000-8000-000000000000"]},
        {"month": None},
        {"district_id": None},
        {"district_id": None, "month": None},
        {"district_id": None, "month": None, "order_ids": []},
        {"verdict": "perhaps"},
    ]
    for changed in impossible:
        assert (await branch.decide(branch.month(**changed)))[0] == 400, changed


async def test_a_month_is_the_citys_and_what_waited_too_long_is_over(branch: Branch, clock: MovableClock) -> None:
    assert (await branch.decide(branch.month(month="2026-02-28")))[1]["rows"] == []
    assert (await branch.decide(branch.month(month="2026-04-01")))[1]["rows"] == []
    clock.set(datetime(2026, 3, 31, 23, 59, tzinfo=LOCAL))  # two weeks are over, and no worker was up
    status, march = await branch.decide(branch.month())
    assert (status, {row["code"] for row in march["rows"]}, march["refused"]) == (200, {"order_over"}, 3)


async def test_a_month_is_gone_through_in_portions(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "MOST_DECIDED", 2)
    ids = await branch.ids()
    _, first = await branch.decide(branch.month(dry_run=True))
    assert ([row["order_id"] for row in first["rows"]], first["next_after"]) == (ids[:2], ids[1])
    _, rest = await branch.decide(branch.month(after=first["next_after"]))
    assert ([row["order_id"] for row in rest["rows"]], rest["next_after"], rest["decided"]) == (ids[2:], None, 1)


async def test_two_batches_and_one_by_one_at_once_grant_each_once(platform: Platform, branch: Branch) -> None:
    ids = await branch.ids()
    operator = branch.scene.operator
    first, second, alone = await asyncio.gather(
        branch.decide({"verdict": "approve", "order_ids": ids}),
        branch.decide({"verdict": "approve", "order_ids": ids[::-1]}, operator),
        branch.client.post(f"/v1/orders/{ids[1]}/approve", json={}, headers=branch.as_(operator)),
    )
    assert first[1]["decided"] + second[1]["decided"] + (alone.status_code == 200) == 3
    assert await balances(platform, branch.pool) == [(880, 0)]
    assert await faults(platform) == []


async def test_what_ends_other_things_first_is_decided_one_by_one(branch: Branch) -> None:
    scene = branch.scene
    body = {"member_id": str(scene.giver.member.id), "reason": "she died"}  # 600 minutes are above the limit
    order = await branch.client.post("/v1/inheritances", json=body, headers=branch.as_(scene.officer))
    assert order.json()["state"] == "pending"
    status, found = await branch.decide({"verdict": "approve", "order_ids": [order.json()["id"]]})
    assert (status, found["rows"][0]["code"], found["rows"][0]["kind"]) == (200, "one_by_one", "inheritance")
