"""Invariants 8 and 10: points in time, statements, closed periods; accounts and books close only at zero."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.timebank.town import BAI_B, HOUR, ISSUANCE, LIU_A, NOON, POOL_A, RESERVE, VERA_A, WANG_B, Town, post
from timebank import (
    CloseAccount,
    Hold,
    ReopenAccount,
    Reverse,
    Transfer,
    account_id,
    balance_at,
    close_book,
    close_period,
    open_account,
    statement,
)
from timebank.errors import (
    AccountClosed,
    AccountNotEmpty,
    BookClosed,
    BookNotEmpty,
    InvalidCommand,
    PeriodClosed,
    UnknownAccount,
    UnknownBook,
)

DAY = timedelta(days=1)


async def serve(town: Town, amount: int, occurred_at: datetime) -> None:
    await town.do(post(town.key(), Transfer(BAI_B, VERA_A, amount), occurred_at=occurred_at), now=NOON + 5 * DAY)


async def test_invariant_8_a_balance_at_a_time_counts_what_had_occurred_before_it(town: Town) -> None:
    await serve(town, 60, NOON + 2 * DAY)
    await serve(town, 30, NOON + DAY)  # told later, occurred earlier
    async with town.begin() as tx:
        at = [await balance_at(tx, VERA_A, occurred_before=NOON + days * DAY) for days in (1, 2, 3)]
    assert at == [0, 30, 90]


async def test_invariant_8_a_balance_as_recorded_does_not_know_what_came_later(town: Town) -> None:
    await serve(town, 60, NOON)
    async with town.begin() as tx:
        between = await tx.scalar(text("SELECT clock_timestamp()"))
    await serve(town, 30, NOON)
    async with town.begin() as tx:
        assert await balance_at(tx, VERA_A, recorded_before=between) == 60
        assert await balance_at(tx, VERA_A) == 90


async def test_invariant_8_replaying_every_posting_gives_the_stored_balances(town: Town) -> None:
    for amount in (60, 30, 15):
        await town.give(BAI_B, VERA_A, amount)
    rows = await town.rows(
        "SELECT amount, balance_after FROM ledger_posting WHERE account = :a ORDER BY version", a=VERA_A
    )
    assert rows == [(60, 60), (30, 90), (15, 105)]


async def test_invariant_8_a_statement_leads_from_its_opening_to_its_closing_balance(town: Town) -> None:
    for days, amount in enumerate((60, 30, 15, 5)):
        await serve(town, amount, NOON + days * DAY)
    async with town.begin() as tx:
        shown = await statement(tx, VERA_A, starts_at=NOON + DAY, ends_at=NOON + 3 * DAY)
    assert (shown.opening, [line.amount for line in shown.lines], shown.closing) == (60, [30, 15], 105)
    assert shown.lines[0].kind == "service"


@pytest.mark.parametrize(("first", "end", "opening"), [(4, 5, 105), (-2, -1, 0), (3, 1, 105)])
async def test_invariant_8_a_period_without_lines_opens_as_it_closes(
    town: Town, first: int, end: int, opening: int
) -> None:
    for days, amount in enumerate((60, 30, 15)):
        await serve(town, amount, NOON + days * DAY)
    async with town.begin() as tx:
        shown = await statement(tx, VERA_A, starts_at=NOON + first * DAY, ends_at=NOON + end * DAY)
    assert (shown.opening, shown.lines, shown.closing) == (opening, (), opening)


async def test_invariant_8_no_statement_of_an_unknown_account(town: Town) -> None:
    async with town.begin() as tx:
        with pytest.raises(UnknownAccount):
            await statement(tx, account_id("A", "minute", "member", "stranger"), starts_at=NOON, ends_at=NOON + DAY)


async def test_invariant_8_a_closed_period_takes_no_entry_and_the_next_day_does(town: Town) -> None:
    async with town.begin() as tx:
        await close_period(tx, "A", starts_at=NOON - DAY, ends_at=NOON + DAY, now=NOON + 2 * DAY)
    with pytest.raises(PeriodClosed) as refusal:
        await serve(town, 60, NOON)
    assert refusal.value.data["book"] == "A"
    await serve(town, 60, NOON + DAY)
    assert await town.posted(VERA_A) == [60]


async def test_invariant_8_a_period_closed_in_one_branch_leaves_another_open(town: Town) -> None:
    async with town.begin() as tx:
        await close_period(tx, "A", starts_at=NOON - DAY, ends_at=NOON + DAY, now=NOON + 2 * DAY)
    await town.give(BAI_B, WANG_B, 60)


async def test_invariant_8_an_entry_of_a_closed_period_is_reversed_in_the_open_one(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    async with town.begin() as tx:
        await close_period(tx, "A", starts_at=NOON - DAY, ends_at=NOON + DAY, now=NOON + 2 * DAY)
    with pytest.raises(PeriodClosed):
        await town.do(Reverse("r1", "v1", NOON, "mistake"), now=NOON + 2 * DAY)
    await town.do(Reverse("r1", "v1", NOON + 2 * DAY, "mistake"), now=NOON + 2 * DAY)
    assert await town.posted(VERA_A) == [0]


async def test_invariant_8_a_period_ends_after_it_starts_and_before_now_and_keeps_its_end(town: Town) -> None:
    async with town.begin() as tx:
        with pytest.raises(InvalidCommand):
            await close_period(tx, "A", starts_at=NOON, ends_at=NOON, now=NOON + DAY)
    async with town.begin() as tx:
        with pytest.raises(InvalidCommand):
            await close_period(tx, "A", starts_at=NOON, ends_at=NOON + DAY, now=NOON)
    async with town.begin() as tx:
        with pytest.raises(UnknownBook):
            await close_period(tx, "Z", starts_at=NOON, ends_at=NOON + HOUR, now=NOON + DAY)


async def test_invariant_10_an_account_with_minutes_or_holds_does_not_close(town: Town) -> None:
    with pytest.raises(AccountNotEmpty) as refusal:
        await town.do(CloseAccount("close", BAI_B))
    assert refusal.value.data["posted"] == 600
    await town.do(town.move(BAI_B, VERA_A, 60), Hold("h1", VERA_A, 60, NOON + HOUR, "task:1"))
    with pytest.raises(AccountNotEmpty):
        await town.do(CloseAccount("close", VERA_A))


async def test_invariant_10_a_closed_account_takes_nothing_until_it_is_reopened(town: Town) -> None:
    await town.do(CloseAccount("close", VERA_A))
    with pytest.raises(AccountClosed):
        await town.give(BAI_B, VERA_A, 60)
    await town.do(ReopenAccount("reopen", VERA_A))
    await town.give(BAI_B, VERA_A, 60)
    assert await town.posted(VERA_A) == [60]


async def test_invariant_10_a_reversal_does_not_fill_a_closed_account(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    await town.give(VERA_A, LIU_A, 60)
    await town.do(CloseAccount("close", VERA_A))
    with pytest.raises(AccountClosed):
        await town.do(Reverse("r1", "v1", NOON, "mistake"))


async def test_invariant_10_a_branch_closes_only_when_all_its_accounts_are_closed(town: Town) -> None:
    async with town.begin() as tx:
        with pytest.raises(BookNotEmpty) as refusal:
            await close_book(tx, "A")
    assert refusal.value.data["open_accounts"] == 3
    await town.do(*(CloseAccount(f"close:{account}", account) for account in (VERA_A, LIU_A, POOL_A)))
    async with town.begin() as tx:
        await close_book(tx, "A")
    with pytest.raises(BookClosed):
        await town.do(ReopenAccount("reopen", VERA_A))
    with pytest.raises(BookClosed):
        await town.do(open_account("A", "minute", "member", owner="new"))


async def test_invariant_10_a_city_with_open_branches_does_not_close(town: Town) -> None:
    await town.give(BAI_B, ISSUANCE, 600)
    await town.do(CloseAccount("close:i", ISSUANCE), CloseAccount("close:r", RESERVE))
    async with town.begin() as tx:
        with pytest.raises(BookNotEmpty):
            await close_book(tx, "city")
