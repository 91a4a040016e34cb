"""Key elders come first: who they are, what the month promises, how a pool is shared out and a programme issues."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.base.policy import load_rules
from marketplace.hours.books import pool_account, programme_account
from marketplace.hours.errors import NoHoursSource
from marketplace.hours.giving.allocating import Allocation, allocate, share_out
from marketplace.hours.giving.issuing import Issues, issue
from marketplace.hours.giving.jobs import key_elders_due
from marketplace.hours.giving.key_elders import KeyElder, group_of
from marketplace.hours.members.programmes import set_ceiling
from marketplace.hours.models import Member
from marketplace.people.models import Elder
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import SYSTEM, TEN, a_task, balances, give, legs_of
from tests.marketplace.hours.giving.scene import Scene, Told, a_scene, an_elder_with, faults, rows, under

Headers = Callable[[Actor], dict[str, str]]
EIGHTY_ONE, SEVENTY = date(1944, 5, 1), date(1955, 5, 1)  # the clock shows 2 March 2026
NEEDY = ("empty_nest", "low_income", "disabled")


@pytest.mark.parametrize(
    ("rules", "categories", "age", "rank"),
    [
        ("nanjing", ("empty_nest",), 80, 1),
        ("nanjing", ("empty_nest",), 79, None),
        ("nanjing", NEEDY, 79, 2),
        ("nanjing", NEEDY, 80, 1),
        ("nanjing", NEEDY, 60, 2),
        ("nanjing", NEEDY, 59, None),
        ("nanjing", ("low_income", "disabled"), 70, None),
        ("taiyuan", ("disabled", "living_alone"), 61, 1),
        ("taiyuan", ("disabled",), 61, 2),
        ("taiyuan", (), 80, 3),
        ("changning", (), 79, None),
        ("pidu", ("disabled",), 60, 2),
        ("qingdao", ("disabled",), 90, None),
    ],
)
def test_an_elder_belongs_to_the_first_group_that_is_hers(
    rules: str, categories: tuple[str, ...], age: int, rank: int | None
) -> None:
    day = date(2026, 3, 2)
    found = group_of(categories, date(day.year - age, 3, 2), day, load_rules(rules))
    assert (found[0] if found else None) == rank


def key_elder(rank: int, received: int, waiting_days: int) -> KeyElder:
    group = load_rules("nanjing").key_elders[rank - 1]
    since = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=waiting_days)
    member = Member(kind="elder", elder_id=uuid4(), district_id=uuid4(), ledger_account=uuid4(), joined_at=since)
    return KeyElder(uuid4(), member, frozenset(), rank, group, received, since)


def test_a_pool_is_shared_out_until_it_is_empty_and_the_last_gets_a_part() -> None:
    first, second, third = key_elder(1, 0, 9), key_elder(1, 30, 5), key_elder(2, 0, 99)
    turns, short = share_out(200, [first, second, third])
    # 120 promised each: 120, then 90 are due and 80 are left, then nothing
    assert [(turn.turn, turn.elder, turn.minutes) for turn in turns] == [(1, first, 120), (2, second, 80)]
    assert short == 10 + 120
    assert turns[1].reason == (
        "group 1 (empty_nest, from 80): 30 of 120 received this month, waiting since 2026-02-24; the pool had 80"
    )
    assert share_out(1_000, [first, second, third], each=60)[0][1].minutes == 30


def test_who_has_no_room_below_the_cap_is_passed_over() -> None:
    full, next_one = replace(key_elder(1, 0, 9), room_minutes=0), replace(key_elder(1, 0, 5), room_minutes=50)
    turns, short = share_out(200, [full, next_one])
    assert [(turn.elder, turn.minutes) for turn in turns] == [(next_one, 50)]
    assert short == 0


@given(
    pool=st.integers(0, 500),
    elders=st.lists(st.tuples(st.integers(1, 2), st.integers(0, 150), st.none() | st.integers(0, 60)), max_size=8),
)
def test_nobody_gets_a_minute_while_somebody_before_lacks_one(
    pool: int, elders: list[tuple[int, int, int | None]]
) -> None:
    line = [replace(key_elder(rank, received, 1), room_minutes=room) for rank, received, room in elders]
    turns, short = share_out(pool, line)
    got = {turn.elder.elder_id: turn.minutes for turn in turns}
    due = [min(max(0, 120 - received), 120 if room is None else room) for _, received, room in elders]
    assert sum(got.values()) == min(pool, sum(due))
    assert short == sum(due) - sum(got.values())
    lacks = [one.elder_id for one, wanted in zip(line, due, strict=True) if got.get(one.elder_id, 0) < wanted]
    if lacks:
        places = [one.elder_id for one in line]
        assert all(places.index(elder_id) <= places.index(lacks[0]) for elder_id in got)


async def three_elders(platform: Platform, scene: Scene) -> list[tuple[Elder, Member]]:
    """Of group 2, of group 1, and of none; all members of the first branch."""
    return [
        await an_elder_with(platform, scene, categories=NEEDY, birth_on=SEVENTY),
        await an_elder_with(platform, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE),
        await an_elder_with(platform, scene, birth_on=SEVENTY),
    ]


async def fill(platform: Platform, scene: Scene, minutes: int) -> UUID:
    pool = pool_account(scene.districts[0])
    async with transaction(platform.db) as tx:
        await give(platform, tx, scene.bank, pool, minutes)
    return pool


async def allocated(platform: Platform, scene: Scene, **changed: Any) -> Allocation:
    given = {"each": None, "dry_run": False, "policy": platform.policy, "actor": SYSTEM, "now": platform.now()}
    async with transaction(platform.db) as tx:
        return await allocate(tx, scene.districts[0], **{**given, **changed})


async def issued(platform: Platform, scene: Scene, *, dry_run: bool = False) -> Issues:
    async with transaction(platform.db) as tx:
        return await issue(tx, scene.districts[0], dry_run=dry_run, policy=platform.policy, now=platform.now())


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


async def test_a_programme_issues_the_month_once_and_the_pool_grants_what_is_missing(
    platform: Platform, clock: MovableClock
) -> None:
    told = Told()
    nanjing = replace(under(platform, "nanjing"), channel=told)
    scene = await a_scene(nanjing, minutes=0)
    categories = ("empty_nest", "advanced_age")  # the programme serves advanced age
    _, served = await an_elder_with(nanjing, scene, categories=categories, birth_on=EIGHTY_ONE)
    _, unserved = await an_elder_with(nanjing, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    pool = await fill(nanjing, scene, 500)
    dry = await issued(nanjing, scene, dry_run=True)
    assert (dry.issued_minutes, [one.elder.member.id for one in dry.missing]) == (120, [unserved.id])
    assert dry.missing[0].reason == "group 1 (empty_nest, from 80): no programme is in force for her"
    for _ in range(2):  # delivered twice
        await key_elders_due(nanjing, Message(name="cycle.due", ids={}))
    accounts = (served.ledger_account, unserved.ledger_account, pool, programme_account(scene.bank.programme_id))
    assert await balances(platform, *accounts) == [(120, 0), (120, 0), (380, 0), (-620, 0)]
    clock.set(datetime(2026, 3, 31, 16, 30, tzinfo=UTC))  # half past midnight of 1 April in the city
    await key_elders_due(nanjing, Message(name="cycle.due", ids={}))
    assert await balances(platform, *accounts) == [(240, 0), (240, 0), (260, 0), (-740, 0)]
    keys = f"issue:{scene.bank.programme_id}:{served.elder_id}:2026-0"
    months = f"SELECT substr(key, {len(keys) + 1}) FROM ledger_entry WHERE kind = 'issue' ORDER BY id"
    assert await rows(platform, months) == [("3-01",), ("4-01",)]
    assert await faults(platform) == []


async def test_runs_at_the_same_time_grant_and_issue_once(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing, minutes=0)
    categories = ("empty_nest", "advanced_age")
    _, issued_to = await an_elder_with(nanjing, scene, categories=categories, birth_on=EIGHTY_ONE)
    _, granted_to = await an_elder_with(nanjing, scene, categories=("empty_nest",), birth_on=EIGHTY_ONE)
    pool = await fill(nanjing, scene, 500)
    issues = await asyncio.gather(*(issued(nanjing, scene) for _ in range(3)))
    assert sorted(run.issued_minutes for run in issues) == [0, 0, 120]
    runs = await asyncio.gather(*(allocated(nanjing, scene) for _ in range(3)))
    assert sorted(run.granted_minutes for run in runs) == [0, 0, 120]
    accounts = (issued_to.ledger_account, granted_to.ledger_account, pool)
    assert await balances(platform, *accounts) == [(120, 0), (120, 0), (380, 0)]


async def test_above_the_ceiling_nothing_is_issued_and_a_raised_one_makes_up_for_it(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing, minutes=0)
    needs = {"categories": ("empty_nest", "advanced_age"), "birth_on": EIGHTY_ONE}
    for _ in range(2):
        await an_elder_with(nanjing, scene, **needs)  # type: ignore[arg-type]  # named as the builder has them
    programme = scene.bank.programme_id

    async def ceiling(minutes: int) -> None:
        async with transaction(platform.db) as tx:
            await set_ceiling(tx, programme, minutes, actor=SYSTEM, now=platform.now())

    await ceiling(239)
    run = await issued(nanjing, scene)
    assert (run.issued_minutes, run.missing[0].reason) == (
        120,
        "group 1 (empty_nest, from 80): the ceiling is reached",
    )
    await ceiling(240)
    run = await issued(nanjing, scene)
    assert (run.issued_minutes, run.missing) == (120, ())
    assert await balances(platform, programme_account(programme)) == [(-240, 0)]


async def test_the_pool_pays_for_key_elders_first_and_for_others_from_what_is_left(platform: Platform) -> None:
    nanjing = under(platform, "nanjing")
    scene = await a_scene(nanjing)
    (second, _), (first, _), (other, _) = await three_elders(nanjing, scene)
    await fill(nanjing, scene, 300)

    async def ask(elder: Elder, minutes: int) -> str:
        async with transaction(platform.db) as tx:
            return (await a_task(nanjing, tx, elder, minutes=minutes)).source_reason or ""

    # 300, of which 2 x 120 are promised: 60 for anybody else
    with pytest.raises(NoHoursSource) as refused:
        await ask(other, 61)
    assert refused.value.data["considered"] == [
        {"kind": "own", "available_minutes": 0},
        {"kind": "pool", "available_minutes": 60},
    ]
    told = await ask(other, 60)
    assert told == "own has 0, pool has 60 of 60: donated to the branch, 240 kept for key elders"
    told = await ask(second, 200)  # 240 are left; a key elder may have all of them
    group = "group 2 (empty_nest, low_income, disabled, 60 to 79)"
    assert told.endswith(f"pool has 240 of 200: donated to the branch, for key elders of {group}")
    # 40 are left, her 120 are had, the first one's 120 are promised: 0 for others
    with pytest.raises(NoHoursSource):
        await ask(other, 1)
    run = await allocated(nanjing, scene)
    assert [(turn.elder.elder_id, turn.minutes) for turn in run.turns] == [(first.id, 40)]
    assert run.short_minutes == 80


async def test_where_nothing_is_promised_the_pool_pays_whoever_asks(platform: Platform) -> None:
    scene = await a_scene(platform)  # Taiyuan promises nothing by the month
    await three_elders(platform, scene)
    elder, _ = await an_elder_with(platform, scene, birth_on=SEVENTY)
    await fill(platform, scene, 60)
    async with transaction(platform.db) as tx:
        assert (await a_task(platform, tx, elder, start=TEN)).source_kind == "pool"


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


async def test_an_officer_grants_from_the_pool_and_an_operator_from_a_programme(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, program: Any
) -> None:
    program.state.platform = under(platform, "nanjing")
    scene = await a_scene(program.state.platform, minutes=0)
    (_, _), (_, key), (_, other) = await three_elders(platform, scene)
    branch, programme = f"/v1/branches/{scene.districts[0]}", f"/v1/programmes/{scene.bank.programme_id}"
    to_pool = {"to": "branch", "receiver_id": str(scene.districts[0]), "minutes": 250, "reason": "the city decided"}
    answer = await client.post(f"{programme}/grants", json=to_pool, headers=as_(scene.operator))
    assert (answer.status_code, answer.json()["kind"]) == (201, "programme_grant"), answer.text
    # 250, 240 promised to two key elders: 10 for anybody else
    body = {"member_id": str(other.id), "minutes": 11, "reason": "fell ill"}
    refused = await client.post(f"{branch}/grants", json=body, headers=as_(scene.officer))
    assert (refused.status_code, refused.json()["available"]) == (409, 10)
    for member, minutes in ((other, 10), (key, 130)):
        body = {"member_id": str(member.id), "minutes": minutes, "reason": "fell ill"}
        answer = await client.post(f"{branch}/grants", json=body, headers=as_(scene.officer))
        assert answer.status_code == 201, answer.text
    assert await balances(platform, other.ledger_account, key.ledger_account) == [(10, 0), (130, 0)]
    too_much = {**to_pool, "minutes": 999_751}
    refused = await client.post(f"{programme}/grants", json=too_much, headers=as_(scene.operator))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enough_minutes")
    assert refused.json()["available"] == 999_750
    answer = await client.post(f"{branch}/issues", json={"dry_run": True}, headers=as_(scene.officer))
    assert (answer.status_code, len(answer.json()["missing"])) == (201, 2)
    assert (await client.post(f"{branch}/allocations", json={}, headers=as_(scene.officer))).status_code == 201
    (kept,) = (await client.get(f"{branch}/key-grants?month=2026-03-31", headers=as_(scene.officer))).json()
    # the key elder of group 1 has 130 of 120; the one of group 2 gets the 110 that are left
    assert (kept["group_rank"], kept["turn"], kept["minutes"]) == (2, 1, 110)
    assert kept["reason"].endswith("0 of 120 received this month, waiting since 2026-03-02; the pool had 110")
    assert (await client.get(f"{branch}/key-grants?month=2026-02-01", headers=as_(scene.officer))).json() == []
    assert (await client.get(f"{branch}/key-grants", headers=as_(scene.foreign))).status_code == 404
    (listed,) = (await client.get("/v1/programmes", headers=as_(scene.officer))).json()
    assert (listed["id"], listed["ceiling_minutes"]) == (str(scene.bank.programme_id), 1_000_000)
    assert await faults(platform) == []
