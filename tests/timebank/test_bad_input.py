"""Bad input: a named error with its data, and nothing changed."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.timebank.digest import digest
from tests.timebank.town import BAI_B, HOUR, ISSUANCE, NOON, POOL_A, VERA_A, WANG_B, Town, post
from timebank import (
    Capture,
    Command,
    Hold,
    OpenAccount,
    Release,
    SetLimits,
    Transfer,
    account_id,
    apply,
    open_account,
    open_book,
)
from timebank.errors import (
    AccountExists,
    BalanceOutOfRange,
    BookConflict,
    BooksNotConnected,
    CapReached,
    InsufficientBalance,
    InvalidCommand,
    LedgerError,
    UnitMismatch,
    UnknownAccount,
    UnknownBook,
    UnknownHold,
    named,
)
from timebank.limits import MAX_AMOUNT
from timebank.proof import prove

EAST, WEST = timezone(timedelta(hours=8)), timezone(timedelta(hours=-8))


@pytest.mark.parametrize("amount", [0, -1, 0.5, 60.0, True, "60", None, 2**63, 10**15 + 1])
def test_an_amount_that_is_no_integer_from_one_to_the_limit_cannot_be_said(amount: Any) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        Transfer(BAI_B, VERA_A, amount)
    assert refusal.value.data["field"] == "amount"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("key", {"key": ""}),
        ("key", {"key": "k" * 10_000}),
        ("key", {"key": "line\nbreak"}),
        ("key", {"key": "nul\0"}),
        ("reference", {"reference": ""}),
        ("occurred_at", {"occurred_at": datetime(2026, 3, 2, 12)}),  # noqa: DTZ001  # a naive instant is the point
        ("transfers", {"transfers": ()}),
        ("transfers", {"transfers": (Transfer(BAI_B, VERA_A, 1),) * 10_000}),
    ],
)
def test_a_malformed_post_cannot_be_said(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        replace(post("v1", Transfer(BAI_B, VERA_A, 60)), **change)
    assert refusal.value.data["field"] == field


def test_a_transfer_to_itself_an_endless_issuance_and_a_strange_unit_cannot_be_said() -> None:
    with pytest.raises(InvalidCommand):
        Transfer(BAI_B, BAI_B, 60)
    with pytest.raises(InvalidCommand):
        open_account("city", "minute", "issuance", floor=None)
    with pytest.raises(InvalidCommand):
        open_account("city", "kilogram", "pool")
    with pytest.raises(InvalidCommand):
        SetLimits("limits", VERA_A, floor=1, cap=None)
    with pytest.raises(InvalidCommand):
        SetLimits("limits", VERA_A, floor=0, cap=-1)


async def refused(town: Town, error: type[LedgerError], *commands: Command) -> dict[str, Any]:
    """The refusal's data, after making sure that nothing changed."""
    before = await digest(town)
    with pytest.raises(error) as refusal:
        await town.do(*commands)
    assert await digest(town) == before
    return refusal.value.data


async def test_an_unknown_account_is_named(town: Town) -> None:
    stranger = uuid4()
    assert (await refused(town, UnknownAccount, town.move(BAI_B, stranger, 60)))["account"] == str(stranger)
    await refused(town, UnknownAccount, Hold("h1", stranger, 60, NOON + HOUR, "task"))


async def test_minutes_and_money_never_meet(town: Town) -> None:
    purse = open_account("B", "fen", "member", owner="bai")
    await town.do(purse)
    data = await refused(town, UnitMismatch, town.move(BAI_B, purse.account, 60))
    assert data["destination"] == str(purse.account)


async def test_books_of_two_cities_do_not_exchange(town: Town) -> None:
    async with town.begin() as tx:
        await open_book(tx, "elsewhere")
    there = open_account("elsewhere", "minute", "pool")
    await town.do(there)
    data = await refused(town, BooksNotConnected, town.move(BAI_B, there.account, 60))
    assert (data["source_book"], data["destination_book"]) == ("B", "elsewhere")


async def test_one_refused_command_rejects_the_whole_call(town: Town) -> None:
    good, bad = town.move(BAI_B, VERA_A, 60), town.move(WANG_B, VERA_A, 1)
    await refused(town, InsufficientBalance, good, bad)


async def test_a_refusal_inside_a_savepoint_leaves_the_callers_transaction_usable(town: Town) -> None:
    async with town.begin() as tx:
        with pytest.raises(InsufficientBalance):
            async with tx.begin_nested():
                await apply(tx, [town.move(WANG_B, VERA_A, 1)], now=NOON)
        await apply(tx, [town.move(BAI_B, VERA_A, 60)], now=NOON)
    assert await town.posted(VERA_A) == [60]


async def test_an_entry_cannot_tell_of_the_future_and_a_hold_cannot_end_in_the_past(town: Town) -> None:
    ahead = post("v1", Transfer(BAI_B, VERA_A, 60), occurred_at=NOON + timedelta(microseconds=1))
    assert (await refused(town, InvalidCommand, ahead))["field"] == "occurred_at"
    assert (await refused(town, InvalidCommand, Hold("h1", BAI_B, 60, NOON, "task")))["field"] == "expires_at"


async def test_an_account_id_is_opened_once_and_only_in_a_known_book(town: Town) -> None:
    again = OpenAccount("other", VERA_A, "A", "minute", "member")
    assert (await refused(town, AccountExists, again))["account"] == str(VERA_A)
    assert (await refused(town, UnknownBook, open_account("Z", "minute", "pool")))["book"] == "Z"


async def test_a_book_keeps_its_kind_and_its_city(town: Town) -> None:
    async with town.begin() as tx:
        await open_book(tx, "A", city="city")  # repeating is fine
    for book, city in (("A", None), ("A", "B"), ("city", "city"), ("C", "nowhere")):
        with pytest.raises(BookConflict):
            async with town.begin() as tx:
                await open_book(tx, book, city=city)


async def test_an_unknown_hold_can_be_neither_captured_nor_released(town: Town) -> None:
    await refused(town, UnknownHold, Capture("c1", "nothing", VERA_A, NOON, "visit"))
    assert (await refused(town, UnknownHold, Release("r1", "nothing")))["hold_key"] == "nothing"


async def test_too_many_commands_and_a_naive_now_are_refused_before_the_database_is_asked(town: Town) -> None:
    command = town.move(BAI_B, VERA_A, 1)
    with pytest.raises(InvalidCommand):
        await town.do(*([command] * 10_001))
    with pytest.raises(InvalidCommand):
        await town.do(command, now=datetime(2026, 3, 2, 12))  # noqa: DTZ001  # a naive instant is the point


async def test_the_largest_amounts_there_are_add_up_exactly(town: Town) -> None:
    # 10^15 a transfer, 400 transfers in the entry: 4 * 10^17, beyond what a double could count
    debtor = open_account("A", "fen", "outside", floor=None)
    creditor = open_account("A", "fen", "payable")
    await town.do(debtor, creditor)
    largest = tuple(Transfer(debtor.account, creditor.account, MAX_AMOUNT) for _ in range(400))
    await town.do(post("largest", *largest, Transfer(debtor.account, creditor.account, 1)))
    assert await town.posted(debtor.account, creditor.account) == [-4 * 10**17 - 1, 4 * 10**17 + 1]
    async with town.begin() as tx:
        assert await prove(tx) == []


async def test_minutes_cannot_go_through_an_account_that_would_fall_below_its_floor_in_between(town: Town) -> None:
    # Vera has nothing: she may pass on what she was given before in the entry, not what she is given after
    await refused(town, InsufficientBalance, post("v1", Transfer(VERA_A, WANG_B, 60), Transfer(BAI_B, VERA_A, 60)))
    await town.do(post("v1", Transfer(BAI_B, VERA_A, 60), Transfer(VERA_A, WANG_B, 60)))
    assert await town.posted(BAI_B, VERA_A, WANG_B) == [540, 0, 60]


async def test_a_capture_to_its_own_giver_and_an_excess_to_a_full_pool_are_refused(town: Town) -> None:
    await town.do(
        Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"),
        SetLimits("l1", VERA_A, floor=0, cap=10),
        SetLimits("l2", POOL_A, floor=0, cap=0),
    )
    data = await refused(town, InvalidCommand, Capture("c1", "h1", BAI_B, NOON, "visit:1"))
    assert data["key"] == "c1"
    await refused(town, CapReached, Capture("c1", "h1", VERA_A, NOON, "visit:1", excess_to=POOL_A))


async def test_no_command_is_no_call(town: Town) -> None:
    assert await town.do() == []


async def test_a_balance_that_would_leave_64_bits_is_refused_by_name(town: Town) -> None:
    async with town.begin() as tx:  # no test could post that much: an owner plants it with the guards off
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(
            text("UPDATE ledger_account SET posted = 9223372036854775000 WHERE id = :pool"), {"pool": POOL_A}
        )
    await refused(town, BalanceOutOfRange, town.move(BAI_B, POOL_A, 600), town.move(ISSUANCE, POOL_A, 600))


@pytest.mark.parametrize(
    "command",
    [
        {"type": "sermon", "key": "k1"},
        {"type": "post", "key": "k" * 201},
        {"type": "post"},
        {
            "type": "post",
            "key": "k1",
            "kind": "service",
            "reference": "visit:1",
            "occurred_at": "2026-03-02T04:00:00Z",
            "transfers": [{"source": str(BAI_B), "destination": str(VERA_A), "amount": -60}],
        },
    ],
)
async def test_the_sql_function_itself_refuses_what_python_would_not_say(town: Town, command: dict[str, Any]) -> None:
    with pytest.raises(DBAPIError) as raised:
        await town.rows("SELECT ledger_apply(CAST(:commands AS jsonb), :now)", commands=json.dumps([command]), now=NOON)
    assert isinstance(named(raised.value), InvalidCommand)


async def test_a_thousand_transfers_in_one_entry_and_a_thousand_commands_in_one_call_are_taken(town: Town) -> None:
    await town.do(post("wide", *(Transfer(BAI_B, (VERA_A, WANG_B)[n % 2], 1) for n in range(600))))
    commands = [town.move(VERA_A, WANG_B, 1) for _ in range(300)]
    results = await town.do(*commands)
    assert len(results) == 300
    assert await town.posted(BAI_B, VERA_A, WANG_B) == [0, 0, 600]
    async with town.begin() as tx:
        assert await prove(tx) == []


def test_an_account_id_is_the_same_on_every_machine() -> None:
    assert VERA_A == account_id("A", "minute", "member", "vera") == UUID("2a9c3150-708f-59e0-9d67-440fe413e6af")


async def test_raw_errors_that_are_not_the_ledgers_stay_what_they_are(town: Town) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with town.begin() as tx:
            await tx.execute(text("SELECT 1 / 0"))
    assert named(raised.value) is None
