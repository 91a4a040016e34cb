import csv
import io
from datetime import timedelta

import httpx
import pytest

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account
from marketplace.hours.branches.figures import BranchFigures, branch_figures
from marketplace.hours.branches.hiding import shown, shown_parts
from marketplace.hours.jobs import cycle_due
from marketplace.hours.members.stars import stars_for
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import TEN, Bank, a_bank, a_member_elder, a_person, a_task, apply, give, serve
from timebank import Reverse


async def a_worked_town(platform: Platform) -> Bank:
    """Two branches, A and B. E1 (A) and E2 (B) are granted 600 and 300; A's pool 40. V (A) serves E1 for 60 and E2 for
    90; W (B) serves E1 for 30; V serves E1 for 45, which is taken back. Four more have joined in A.
    """
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        first, _ = await a_member_elder(platform, tx, bank, minutes=600)
        second, _ = await a_member_elder(platform, tx, bank, district=1, minutes=300)
        await give(platform, tx, bank, pool_account(bank.town.districts[0].id), 40)
        vera, will = await a_person(platform, tx, bank), await a_person(platform, tx, bank, district=1)
        for _ in range(4):
            await a_person(platform, tx, bank)
        asked = [(first, vera, 60), (second, vera, 90), (first, will, 30), (first, vera, 45)]
        tasks = [
            await a_task(platform, tx, elder, minutes=minutes, start=TEN + timedelta(days=place))
            for place, (elder, _, minutes) in enumerate(asked)
        ]
    for task, (_, person, minutes) in zip(tasks, asked, strict=True):
        await serve(platform, task, person, minutes)
    key = f"task:{tasks[-1].id}:credit"
    await apply(platform, [Reverse(f"{key}:back", key, platform.now(), "dispute")])
    return bank


def told(one: BranchFigures) -> dict[str, int]:
    names = ("members", "given_minutes", "received_minutes", "elsewhere_minutes", "net_minutes", "pool_minutes")
    return {name: getattr(one, name) for name in names}


async def test_the_figures_of_a_town_are_those_worked_out_by_hand(platform: Platform) -> None:
    await a_worked_town(platform)
    rules = platform.policy.timebank.model_copy(update={"stars_hours": (1, 2, 3)})
    async with transaction(platform.db) as tx:
        first, second = await branch_figures(tx, rules, now=platform.now())
    assert told(first) == {
        "members": 6,  # E1, Vera and four more
        "given_minutes": 150,  # Vera's 60 and 90; her 45 were taken back
        "received_minutes": 90,  # E1's 60 and 30
        "elsewhere_minutes": 90,  # E2 (B) paid Vera
        "net_minutes": 700,  # granted 600 + 40, from B 90, to B 30
        "pool_minutes": 40,
    }
    assert told(second) == {
        "members": 2,
        "given_minutes": 30,
        "received_minutes": 90,
        "elsewhere_minutes": 30,
        "net_minutes": 240,  # granted 300, from A 30, to A 90
        "pool_minutes": 0,
    }
    assert first.stars == (5, 0, 1, 0)  # Vera has 150 minutes: two hours and a half
    assert second.stars == (2, 0, 0, 0)


async def test_anybody_reads_the_figures_and_small_numbers_of_persons_are_hidden(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    bank = await a_worked_town(platform)
    listed = (await client.get("/v1/hours/branches")).json()["items"]
    assert [(one["code"], one["members"]) for one in listed] == [("d1", 6), ("d2", "<5")]
    assert listed[0]["stars"] == [6, "<5", "<5", "<5", "<5", "<5"]
    one = await client.get(f"/v1/hours/branches/{bank.town.districts[1].id}")
    assert one.json() == listed[1]
    assert (await client.get("/v1/hours/branches/d2")).json() == listed[1]
    assert (await client.get("/v1/hours/branches/d3")).status_code == 404
    rows = list(csv.DictReader(io.StringIO((await client.get("/v1/hours/branches?format=csv")).text)))
    assert [(row["code"], row["members"], row["given_minutes"], row["stars_0"]) for row in rows] == [
        ("d1", "6", "150", "6"),
        ("d2", "<5", "30", "<5"),
    ]


async def test_the_public_reads_the_figures_of_the_last_night(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    bank = await a_worked_town(platform)
    clock.set(clock.now() + timedelta(days=1))
    for _ in range(2):  # delivered twice, kept once
        await cycle_due(platform, Message(name="cycle.due", ids={}))
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, pool_account(bank.town.districts[0].id), 1_000)
    (first, _) = (await client.get("/v1/hours/branches")).json()["items"]
    assert (first["pool_minutes"], first["net_minutes"], first["given_minutes"]) == (40, 700, 150)
    assert first["as_of"] == clock.now().isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, 0), (5_999, 0), (6_000, 1), (17_999, 1), (18_000, 2), (90_000, 5), (900_000, 5)]
)
def test_stars_come_with_hours(minutes: int, expected: int) -> None:
    assert stars_for(minutes, (100, 300, 600, 1000, 1500)) == expected


def test_a_count_below_five_is_hidden() -> None:
    assert [shown(number) for number in (0, 4, 5, 6)] == ["<5", "<5", 5, 6]


def test_a_single_hidden_part_takes_the_next_smallest_with_it() -> None:
    assert shown_parts([20, 7, 3]) == [20, ">=5", "<5"]  # 30 in all would give the 3 away
    assert shown_parts([20, 4, 3]) == [20, "<5", "<5"]
    assert shown_parts([20, 9, 8]) == [20, 9, 8]
    assert shown_parts([2]) == ["<5"]
