"""The nightly cycle, each case with its numbers worked by hand."""

import asyncio
import csv
import io
import json
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, ISSUANCE, NOON, RESERVE, VERA_A, WANG_B, Town, post
from timebank import (
    Cycle,
    PartnerLine,
    Reverse,
    SetLimits,
    Transfer,
    account_id,
    find_cycle,
    net_positions,
    open_account,
    run_cycle,
)
from timebank.cycles import cycle_csv, cycle_json
from timebank.errors import InvalidCommand, NotReversible, UnknownBook
from timebank.proof import prove

TODAY = date(2026, 3, 2)
RELIEF_A = account_id("A", "minute", "relief")


async def cycle(town: Town, day: date = TODAY, **caps: int) -> Cycle:
    """Run a day's cycle and commit it."""
    async with town.begin() as tx:
        return await run_cycle(tx, "city", unit="minute", on_day=day, caps=caps, now=NOON)


async def sums(town: Town) -> dict[str, tuple[int, int, int]]:
    """Per branch: clearing, settled, position."""
    async with AsyncSession(town.engine) as tx:
        found = await net_positions(tx, "city")
    assert all(one.mirrored for one in found)
    return {one.branch: (one.clearing, one.settled, one.position) for one in found}


async def sound(town: Town) -> bool:
    async with AsyncSession(town.engine) as tx:
        return await prove(tx) == []


async def test_a_cycle_settles_what_every_branch_owes_and_the_city_is_a_party(town: Town) -> None:
    # grant of 600 to Bai (B): the city owes B 600 · Vera (A) serves Bai (B) for 60: B owes A 60
    # Vera redeems 20, Wang (B) helps: A owes B 20
    await town.give(BAI_B, VERA_A, 60)
    await town.give(VERA_A, WANG_B, 20)
    found = await cycle(town)
    a, b = found.lines
    assert (a.branch, a.owes, a.is_owed, a.net) == ("A", 20, 60, -40)
    assert (b.branch, b.owes, b.is_owed, b.net) == ("B", 60, 620, -560)
    assert a.partners == (PartnerLine("B", 20, 60),)
    assert b.partners == (PartnerLine("A", 60, 20), PartnerLine("city", 0, 600))
    # issued in the cycle: 600 = what the city owes, so that all parties together owe nothing
    assert found.city_net == 600
    assert await sums(town) == {"A": (0, -40, 40), "B": (0, -560, 560)}
    assert await town.legs("cycle:city:minute:2026-03-02") == [
        ("clearing", "A", "A", 40),
        ("settled", "A", "A", -40),
        ("clearing", "B", "B", 560),
        ("settled", "B", "B", -560),
    ]
    assert await sound(town)


async def test_running_a_cycle_again_changes_nothing(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60)
    first = await cycle(town)
    await town.give(BAI_B, VERA_A, 30)  # belongs to the next one
    assert await cycle(town) == first
    assert (await sums(town))["A"] == (-30, -60, 90)


async def test_the_next_cycle_counts_from_where_the_last_one_ended(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60)
    await cycle(town)
    await town.give(VERA_A, WANG_B, 50)
    second = await cycle(town, TODAY + timedelta(days=1))
    assert [(line.branch, line.net) for line in second.lines] == [("A", 50), ("B", -50)]
    assert second.city_net == 0
    assert await sums(town) == {"A": (0, -10, 10), "B": (0, -590, 590)}
    assert await sound(town)


async def test_a_day_on_which_nothing_moved_has_a_cycle_without_a_settlement(town: Town) -> None:
    await cycle(town)
    second = await cycle(town, TODAY + timedelta(days=1))
    assert second.entry is None
    assert {line.net for line in second.lines} == {0}
    assert await sound(town)


async def test_a_reversal_counts_in_the_cycle_it_was_made_in(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="service")
    await cycle(town)
    await town.do(Reverse("undo", "service", NOON, "never took place"))
    second = await cycle(town, TODAY + timedelta(days=1))
    assert [(line.branch, line.owes, line.is_owed) for line in second.lines] == [("A", 60, 0), ("B", 0, 60)]


async def test_what_the_reserve_draws_relieves_the_branch_in_four_legs(town: Town) -> None:
    # Zhao may owe 200 by her branch's policy, and spends them in B: A owes 200, its cap is 50, the reserve holds 120
    indebted = account_id("A", "minute", "member", "zhao")
    await town.do(
        open_account("A", "minute", "member", owner="zhao", floor=-200), open_account("A", "minute", "relief")
    )
    await town.give(ISSUANCE, RESERVE, 120)
    await town.give(indebted, WANG_B, 200)
    line = (await cycle(town, A=50)).lines[0]
    assert (line.debt, line.cap, line.breached, line.drawn) == (200, 50, True, 120)  # of the 150 above the cap
    assert await town.legs("cycle:city:minute:2026-03-02:draw:A") == [
        ("account", "city", None, -120),
        ("position", "city", "A", 120),
        ("settled", "A", "A", -120),
        ("account", "A", None, 120),
    ]
    assert await town.posted(RESERVE, RELIEF_A) == [0, 120]
    assert (await sums(town))["A"] == (0, 80, -80)
    # nobody is refused: the branch's members go on
    await town.give(BAI_B, VERA_A, 10)
    # the next night it still owes 80 - 10 = 70, 20 above its cap, and there is nothing left to draw
    line = (await cycle(town, TODAY + timedelta(days=1), A=50)).lines[0]
    assert (line.debt, line.breached, line.drawn) == (70, True, 0)
    assert await sound(town)


async def test_a_reserve_without_a_floor_bears_all_that_is_above_the_cap(town: Town) -> None:
    await town.do(
        open_account("A", "minute", "member", owner="zhao", floor=-200),
        open_account("A", "minute", "relief"),
        SetLimits("endless", RESERVE, floor=None, cap=None),
    )
    await town.give(account_id("A", "minute", "member", "zhao"), WANG_B, 200)
    assert (await cycle(town, A=50)).lines[0].drawn == 150
    assert await town.posted(RESERVE, RELIEF_A) == [-150, 150]
    assert await sound(town)


async def test_no_other_command_takes_the_key_of_a_night(town: Town) -> None:
    with pytest.raises(InvalidCommand) as refused:
        await town.give(BAI_B, VERA_A, 60, key="cycle:city:minute:2026-03-02")
    assert refused.value.data["field"] == "key"


async def test_a_breach_without_a_reserve_is_told_and_draws_nothing(town: Town) -> None:
    await town.do(open_account("A", "minute", "member", owner="zhao", floor=-200))
    await town.give(account_id("A", "minute", "member", "zhao"), WANG_B, 200)
    line = (await cycle(town, A=50)).lines[0]
    assert (line.breached, line.drawn) == (True, 0)


async def test_what_a_cycle_wrote_cannot_be_reversed(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60)
    await cycle(town)
    with pytest.raises(NotReversible):
        await town.do(Reverse("undo", "cycle:city:minute:2026-03-02", NOON, "no"))
    assert await sound(town)


async def test_a_day_before_the_last_cycle_is_refused(town: Town) -> None:
    await cycle(town)
    with pytest.raises(InvalidCommand) as refused:
        await cycle(town, TODAY - timedelta(days=1))
    assert refused.value.data["last"] == "2026-03-02"


async def test_bad_questions_are_named(town: Town) -> None:
    async with AsyncSession(town.engine) as tx:
        with pytest.raises(UnknownBook):
            await run_cycle(tx, "nowhere", unit="minute", on_day=TODAY, caps={}, now=NOON)
    async with AsyncSession(town.engine) as tx:
        with pytest.raises(InvalidCommand):
            await run_cycle(tx, "city", unit="minute", on_day=TODAY, caps={"A": -1}, now=NOON)
        assert await find_cycle(tx, "city", unit="minute", on_day=TODAY) is None


async def test_of_cycles_at_once_one_is_run_while_members_go_on(town: Town) -> None:
    async def members() -> None:
        for _ in range(20):
            await town.give(BAI_B, VERA_A, 1)

    found = await asyncio.gather(*(cycle(town) for _ in range(6)), members())
    cycles = [one for one in found if isinstance(one, Cycle)]
    assert all(one == cycles[0] for one in cycles)
    [[count]] = await town.rows("SELECT count(*) FROM ledger_entry WHERE kind = 'settlement'")
    assert count == 1
    assert await sound(town)


@pytest.mark.parametrize("table", ["ledger_cycle", "ledger_cycle_line", "ledger_cycle_partner"])
async def test_a_cycles_rows_stay_as_they_are(town: Town, table: str) -> None:
    await town.give(BAI_B, VERA_A, 60)
    await cycle(town)
    for attack in (f"UPDATE {table} SET unit = 'fen'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DBAPIError, match="append_only"):
            await town.rows(attack)


async def test_the_report_as_csv_and_json(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60)
    found = await cycle(town, B=500)
    rows = list(csv.DictReader(io.StringIO(cycle_csv(found))))
    assert [(row["branch"], row["partner"], row["net"]) for row in rows] == [
        ("A", "B", "-60"),
        ("A", "*", "-60"),
        ("B", "A", "60"),
        ("B", "city", "-600"),
        ("B", "*", "-540"),
    ]
    document = json.loads(cycle_json(found))
    assert (document["city_net"], document["lines"][1]["net"], document["lines"][1]["cap"]) == (600, -540, 500)
    assert not document["lines"][1]["breached"]


async def test_an_entry_of_last_week_belongs_to_the_cycle_it_was_recorded_before(town: Town) -> None:
    await cycle(town)
    await town.do(post("late", Transfer(BAI_B, VERA_A, 5), occurred_at=NOON - timedelta(days=7)))
    later = await cycle(town, TODAY + timedelta(days=1))
    assert [line.net for line in later.lines] == [-5, 5]
