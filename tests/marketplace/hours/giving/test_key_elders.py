"""Key elders come first: who they are, how a pool is shared out among them, and what is left for others."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.base.policy import load_rules
from marketplace.hours.errors import NoHoursSource
from marketplace.hours.giving.allocating import share_out
from marketplace.hours.giving.key_elders import KeyElder, group_of
from marketplace.hours.models import Member
from marketplace.people.models import Elder
from tests.marketplace.hours.builders import TEN, a_task
from tests.marketplace.hours.giving.elders import NEEDY, SEVENTY, allocated, fill, three_elders
from tests.marketplace.hours.giving.scene import a_scene, an_elder_with, under


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
