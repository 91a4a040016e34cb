"""A month's grants at once: chosen lines are carried out as they were read, each with its answer.

Nanjing's rules, which promise 120 minutes a month to two groups, with a limit of 100 minutes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

import timebank
from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.errors import Stale
from marketplace.base.platform import Platform
from marketplace.hours.books import programme_account
from marketplace.hours.giving import monthly
from marketplace.hours.giving.batches import decide_all
from marketplace.hours.giving.monthly import Wanted
from marketplace.hours.models import Member
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.giving.elders import EIGHTY_ONE, NEEDY, SEVENTY, fill
from tests.marketplace.hours.giving.scene import Scene, a_scene, an_elder_with, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]
Json = dict[str, Any]
MARCH = date(2026, 3, 1)


@dataclass
class Month:
    """Zhao and Li of group 1, Wang of group 2; a programme serves Zhao. The pool had 500, of which an officer's run set
    60 aside for each, which wait: 320 are left."""

    live: Platform
    client: httpx.AsyncClient
    as_: Headers
    scene: Scene
    zhao: Member
    li: Member
    wang: Member
    pool: UUID

    @property
    def address(self) -> str:
        return f"/v1/branches/{self.scene.districts[0]}/month-grants"

    async def lines(self, **changed: Any) -> list[Json]:
        """All lines as the API takes them."""
        who = {"policy": self.live.policy, "actor": self.scene.colleague, "now": self.live.now(), **changed}
        async with transaction(self.live.db) as tx:
            found = await monthly.proposed(tx, self.scene.districts[0], MARCH, **who)
        return [{"source": one.source, "id": str(one.id), "minutes": one.minutes} for one in found.lines]

    async def press(
        self, lines: list[Json], actor: Actor | None = None, expect: int = 200, key: str | None = None, **more: Any
    ) -> Json:
        headers = self.as_(actor or self.scene.colleague) | ({"Idempotency-Key": key} if key else {})
        answer = await self.client.post(self.address, json={"lines": lines, **more}, headers=headers)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def standing(self) -> list[tuple[int, int]]:
        """Zhao, Li, Wang, the pool: posted and held."""
        accounts = [one.ledger_account for one in (self.zhao, self.li, self.wang)]
        return await balances(self.live, *accounts, self.pool)


@pytest.fixture
async def month(platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any) -> Month:
    live = under(platform, "nanjing", second_person_above_minutes=100)
    program.state.platform = live
    scene = await a_scene(live, minutes=0)
    _, zhao = await an_elder_with(live, scene, categories=("empty_nest", "advanced_age"), birth_on=EIGHTY_ONE)
    _, li = await an_elder_with(live, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    _, wang = await an_elder_with(live, scene, categories=NEEDY, birth_on=SEVENTY)
    pool = await fill(live, scene, 500)
    address = f"/v1/branches/{scene.districts[0]}/allocations"
    run = await client.post(address, json={"minutes_each": 60}, headers=as_(scene.officer))
    assert (run.json()["granted_minutes"], run.json()["waits"]) == (180, True)
    return Month(live, client, as_, scene, zhao, li, wang, pool)


def outcomes(answer: Json) -> list[str]:
    return [line["code"] or line["outcome"] for line in answer["lines"]]


BEFORE = [(0, 0), (0, 0), (0, 0), (500, 180)]
# Zhao 60 and 120 of the programme; Li and Wang 60 that waited and 60 that they lacked of 120: 500 - 3 x 60 - 2 x 60
AFTER = [(180, 0), (120, 0), (120, 0), (200, 0)]


async def test_all_lines_are_tried_then_carried_out_and_a_second_press_finds_nothing_due(month: Month) -> None:
    lines = await month.lines()
    assert [(one["source"], one["minutes"]) for one in lines] == [
        *[("waiting", 60)] * 3,
        ("programme", 120),
        *[("pool", 60)] * 2,
    ]
    tried = await month.press(lines, dry_run=True)
    assert (tried["granted"], tried["granted_minutes"], tried["pool_minutes"]) == (6, 420, 200)
    assert await month.standing() == BEFORE
    done = await month.press(lines, key="page")
    assert (done["lines"], done["dry_run"]) == (tried["lines"], False)
    assert await month.standing() == AFTER
    assert await month.press(lines, key="page") == done
    again = await month.press(lines)
    assert outcomes(again) == [*["order_over"] * 3, *["nothing_due"] * 3]
    assert (again["granted"], again["granted_minutes"], again["pool_minutes"]) == (0, 0, 200)
    assert await month.standing() == AFTER
    assert await balances(month.live, programme_account(month.scene.bank.programme_id)) == [(-620, 0)]
    assert await month.lines() == []
    assert await faults(month.live) == []


async def test_what_is_left_out_stays_where_it_is_and_another_amount_is_refused(month: Month) -> None:
    lines = await month.lines()
    li, wang = ({"source": "pool", "id": str(one.id), "minutes": 60} for one in (month.li, month.wang))
    answer = await month.press([lines[0], {**li, "minutes": 59}, wang])
    assert outcomes(answer) == ["granted", "grant_changed", "granted"]
    assert answer["lines"][1]["detail"] == "60 minutes are due to her by now; read it again."
    # one waiting grant of 60 and Wang's 60 moved; 120 still wait
    assert (await month.standing())[3] == (380, 120)
    assert [line for line in await month.lines() if line["source"] != "waiting"] == [
        {"source": "programme", "id": str(month.zhao.id), "minutes": 120},
        li,
    ]
    stored = "SELECT turn, minutes FROM key_grant WHERE member_id = :id AND minutes = 60 ORDER BY id DESC LIMIT 1"
    assert await rows(month.live, stored, id=month.wang.id) == [(2, 60)]  # her turn is that of the whole run


async def test_who_asked_decides_none_of_what_waits_and_the_rest_goes_its_way(month: Month) -> None:
    answer = await month.press(await month.lines(), actor=month.scene.officer)
    assert outcomes(answer) == [*["second_person_needed"] * 3, *["granted"] * 3]
    assert await month.standing() == [(120, 0), (60, 0), (60, 0), (380, 180)]


async def test_an_officer_who_is_a_key_elder_herself_grants_the_others_alone(month: Month) -> None:
    async with transaction(month.live.db) as tx:  # Li signs in, and is an officer of her branch
        (await tx.get_one(Member, month.li.id)).account_id = month.scene.colleague.account_id
    answer = await month.press([line for line in await month.lines() if line["source"] != "waiting"])
    assert outcomes(answer) == ["granted", "own_benefit", "granted"]
    assert await month.standing() == [(120, 0), (0, 0), (60, 0), (440, 180)]


async def test_another_branch_is_not_found_nor_are_its_orders(month: Month) -> None:
    lines = await month.lines()
    assert (await month.press(lines, actor=month.scene.foreign, expect=404))["code"] == "unknown"
    assert (await month.press(lines, actor=month.scene.giver.actor, expect=403))["code"] == "forbidden"
    await month.press([], expect=400)
    await month.press([{**lines[0], "minutes": 0}], expect=400)
    elsewhere = month.address.replace(str(month.scene.districts[0]), str(month.scene.districts[1]))
    body = {"lines": [lines[0], lines[5]]}
    answer = await month.client.post(elsewhere, json=body, headers=month.as_(month.scene.operator))
    assert outcomes(answer.json()) == ["unknown", "nothing_due"]
    assert await month.standing() == BEFORE


async def test_two_officers_who_press_at_once_grant_once(month: Month) -> None:
    wanted = [Wanted(one["source"], UUID(one["id"]), one["minutes"]) for one in await month.lines()]

    async def pressed() -> int:
        who: dict[str, Any] = {"policy": month.live.policy, "actor": month.scene.colleague, "now": month.live.now()}
        async with transaction(month.live.db) as tx:
            carried = await monthly.grant_month(tx, month.scene.districts[0], wanted, dry_run=False, **who)
        return sum(one.refusal is None for one in carried.answers)

    assert sorted(await asyncio.gather(pressed(), pressed())) == [0, 6]
    assert await month.standing() == AFTER


async def test_what_the_ledger_refuses_at_the_last_moment_leaves_everything_as_it_was(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = await month.lines()
    wanted = [Wanted(one["source"], UUID(one["id"]), one["minutes"]) for one in lines]
    who: dict[str, Any] = {"policy": month.live.policy, "actor": month.scene.colleague, "now": month.live.now()}

    async def after_a_cap_was_set(tx: Any, *args: Any, **more: Any) -> Any:
        limits = timebank.SetLimits(key="cap", account=month.li.ledger_account, floor=0, cap=60)
        await timebank.apply(tx, [limits], now=month.live.now())
        return await decide_all(tx, *args, **more)

    monkeypatch.setattr("marketplace.hours.giving.monthly.decide_all", after_a_cap_was_set)
    with pytest.raises(Stale):
        async with transaction(month.live.db) as tx:
            await monthly.grant_month(tx, month.scene.districts[0], wanted, dry_run=False, **who)
    assert await month.standing() == BEFORE


async def test_a_month_that_is_over_has_only_what_waits(month: Month, clock: MovableClock) -> None:
    clock.set(month.live.now().replace(month=4))
    assert {line["source"] for line in await month.lines(now=month.live.now())} == {"waiting"}
