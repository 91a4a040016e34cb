"""The caller's clock jumps forwards and back, by hours and by years: what is promised then."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town
from timebank import Capture, Hold, Release, Reverse, apply, balance_at, close_period, run_cycle, sweep
from timebank.errors import HoldExpired, InvalidCommand, PeriodClosed
from timebank.proof import prove

YEAR = timedelta(days=365)


async def test_a_hold_that_nobody_touched_while_the_clock_was_ahead_is_as_before_once_it_is_right_again(
    town: Town,
) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    ahead = NOON + YEAR
    assert (await town.account(BAI_B, now=ahead)).available == 600  # it would be free by then
    with pytest.raises(HoldExpired):
        await town.do(Capture("c1", "h1", VERA_A, NOON, "visit:1"), now=ahead)
    await town.do(town.move(BAI_B, WANG_B, 500), now=ahead)  # 540 are there without it: it is left alone
    assert (await town.account(BAI_B)).held == 60
    await town.do(Capture("c1", "h1", VERA_A, NOON, "visit:1"))
    assert await town.posted(BAI_B, VERA_A, WANG_B) == [40, 60, 500]


async def test_what_a_hold_kept_and_a_later_clock_gave_away_stays_given_away(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    await town.do(town.move(BAI_B, WANG_B, 600), now=NOON + YEAR)  # needs the hold's minutes, and finds it expired
    with pytest.raises(HoldExpired):
        await town.do(Capture("c1", "h1", VERA_A, NOON, "visit:1"))  # the clock is right again, the hold is over
    [result] = await town.do(Release("free", "h1"))
    assert (result.state, result.amount) == ("expired", 0)
    assert await town.posted(BAI_B, WANG_B) == [0, 600]


async def test_a_sweep_with_a_clock_ahead_resolves_for_good(town: Town) -> None:
    await town.do(*(Hold(f"h{n}", BAI_B, 60, NOON + n * HOUR, "task") for n in (1, 2, 3)))
    async with town.begin() as tx:
        assert await sweep(tx, now=NOON + YEAR) == 3
    async with town.begin() as tx:
        assert await sweep(tx, now=NOON - YEAR) == 0
    assert (await town.account(BAI_B, now=NOON - YEAR)).held == 0
    with pytest.raises(HoldExpired):
        await town.do(Capture("c1", "h3", VERA_A, NOON, "visit:1"))


async def test_entries_written_while_the_clock_jumped_are_all_there_and_in_order_of_recording(town: Town) -> None:
    last, first = datetime(9999, 12, 30, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)
    for number, now in enumerate((NOON, NOON + 10 * YEAR, NOON - 20 * YEAR, last, first)):
        moved = replace(town.move(BAI_B, VERA_A, 10, key=f"v{number}"), occurred_at=now)
        await town.do(moved, Hold(f"h{number}", BAI_B, 1, now + HOUR, "task"), now=now)
    assert await town.posted(VERA_A) == [50]
    rows = await town.rows("SELECT key FROM ledger_entry WHERE key LIKE 'v_' ORDER BY recorded_at")
    assert [key for [key] in rows] == ["v0", "v1", "v2", "v3", "v4"]
    async with town.begin() as tx:
        assert await balance_at(tx, VERA_A, occurred_before=NOON) == 20  # those of the year 1 and of 20 years ago
        assert await prove(tx) == []


async def test_what_occurred_by_a_clock_ahead_cannot_be_told_again_by_a_clock_that_is_right(town: Town) -> None:
    ahead = NOON + HOUR
    await town.do(town.move(BAI_B, VERA_A, 60, key="v1"), now=ahead)
    with pytest.raises(InvalidCommand) as refusal:
        await town.do(Reverse("undo", "v1", ahead, "mistake"))
    assert refusal.value.data["field"] == "occurred_at"
    await town.do(Reverse("undo", "v1", NOON, "mistake"))
    assert await town.posted(VERA_A) == [0]


async def test_a_repeated_key_is_answered_alike_by_any_clock(town: Town) -> None:
    hold = Hold("h1", BAI_B, 60, NOON + HOUR, "task:1")
    [first] = await town.do(hold)
    for now in (NOON + YEAR, NOON - YEAR):
        [again] = await town.do(hold, now=now)
        assert (again.state, again.amount, again.repeated) == (first.state, 60, True)


async def test_a_night_is_not_run_for_a_day_that_has_not_begun(town: Town) -> None:
    # a mistyped year would keep every night before it from being run
    async with town.begin() as tx:
        with pytest.raises(InvalidCommand) as refusal:
            await run_cycle(tx, "city", unit="minute", on_day=date(2062, 3, 2), caps={}, now=NOON)
    assert refusal.value.data["field"] == "on_day"
    async with town.begin() as tx:
        await run_cycle(tx, "city", unit="minute", on_day=date(2026, 3, 2), caps={}, now=NOON)


async def test_no_entry_gets_into_a_closed_period_by_an_older_view_of_the_books(town: Town) -> None:
    async with AsyncSession(town.engine) as tx:
        await tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        await tx.execute(text("SELECT 1 FROM ledger_period"))  # what it sees from now on is as of now
        async with town.begin() as rival:
            await close_period(rival, "A", starts_at=NOON - HOUR, ends_at=NOON + HOUR, now=NOON + HOUR)
        with pytest.raises(InvalidCommand) as refusal:
            await apply(tx, [town.move(BAI_B, VERA_A, 60)], now=NOON + HOUR)
        await tx.rollback()
    assert refusal.value.data["field"] == "transaction_isolation"
    with pytest.raises(PeriodClosed):
        await town.do(town.move(BAI_B, VERA_A, 60), now=NOON + HOUR)


async def test_a_balance_as_recorded_is_not_changed_by_a_transaction_that_began_before_and_wrote_after(
    town: Town,
) -> None:
    async with town.begin() as slow:
        await slow.execute(text("SELECT 1"))
        await town.give(BAI_B, VERA_A, 10)
        [[noted]] = await town.rows("SELECT clock_timestamp()")
        await apply(slow, [town.move(BAI_B, VERA_A, 7)], now=NOON)
    async with town.begin() as tx:
        assert await balance_at(tx, VERA_A, recorded_before=noted) == 10
        assert await balance_at(tx, VERA_A) == 17
