"""Values of another type or out of range: named where they are said, in every function that takes them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.digest import digest
from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, Town, post
from timebank import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    OpenAccount,
    Release,
    Transfer,
    apply,
    balance,
    balance_at,
    close_book,
    close_period,
    find_hold,
    net_positions,
    open_book,
    run_cycle,
    statement,
    sweep,
)
from timebank.audit import make_root
from timebank.errors import (
    InvalidCommand,
)

EAST, WEST = timezone(timedelta(hours=8)), timezone(timedelta(hours=-8))


@pytest.mark.parametrize(
    ("field", "say"),
    [
        ("source", lambda: Transfer("x", VERA_A, 1)),  # type: ignore[arg-type]
        ("destination", lambda: Transfer(BAI_B, None, 1)),  # type: ignore[arg-type]
        ("transfers", lambda: replace(post("k", Transfer(BAI_B, VERA_A, 1)), transfers=("x",))),  # type: ignore[arg-type]
        ("excess_to", lambda: post("k", Transfer(BAI_B, VERA_A, 1), excess_to="x")),  # type: ignore[arg-type]
        ("account", lambda: Hold("k", "x", 1, NOON, "r")),  # type: ignore[arg-type]
        ("amount", lambda: Hold("k", BAI_B, True, NOON, "r")),
        ("key", lambda: Hold("\ud800", BAI_B, 1, NOON, "r")),
        ("key", lambda: Release("cycle:city:minute:2026-03-02", "h")),
        ("hold_key", lambda: Capture("k", "\0", VERA_A, NOON, "r")),
        ("account", lambda: CloseAccount("k", 5)),  # type: ignore[arg-type]
        ("unit", lambda: OpenAccount("k", BAI_B, "A", ["fen"], "m")),  # type: ignore[arg-type]
        # in UTC these are in the years 0 and 10000
        ("occurred_at", lambda: post("k", Transfer(BAI_B, VERA_A, 1), occurred_at=datetime(1, 1, 1, tzinfo=EAST))),
        ("expires_at", lambda: Hold("k", BAI_B, 1, datetime(9999, 12, 31, 23, tzinfo=WEST), "r")),
    ],
)
def test_a_value_of_another_type_or_out_of_range_cannot_be_said(field: str, say: Callable[[], Command]) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        say()
    assert refusal.value.data["field"] == field


NAIVE = datetime(2026, 3, 2, 12)  # noqa: DTZ001  # a naive instant is the point
READINGS: list[tuple[str, Callable[[AsyncSession], Awaitable[object]]]] = [
    ("now", lambda tx: balance(tx, BAI_B, now=NAIVE)),
    ("account", lambda tx: balance(tx, "x", now=NOON)),  # type: ignore[arg-type]
    ("occurred_before", lambda tx: balance_at(tx, BAI_B, occurred_before=NAIVE)),
    ("recorded_before", lambda tx: balance_at(tx, BAI_B, recorded_before=NAIVE)),
    ("starts_at", lambda tx: statement(tx, BAI_B, starts_at=NAIVE, ends_at=NOON)),
    ("ends_at", lambda tx: statement(tx, BAI_B, starts_at=NOON, ends_at=NAIVE)),
    ("now", lambda tx: sweep(tx, now=NAIVE)),
    ("limit", lambda tx: sweep(tx, now=NOON, limit=-1)),
    ("key", lambda tx: find_hold(tx, "nul\0")),
    ("city", lambda tx: net_positions(tx, "\ud800")),
    ("city", lambda tx: open_book(tx, "q", city="nul\0")),
    ("book", lambda tx: close_book(tx, "nul\0")),
    ("book", lambda tx: close_period(tx, "", starts_at=NOON - HOUR, ends_at=NOON, now=NOON)),
    ("unit", lambda tx: run_cycle(tx, "city", unit="sermon", on_day=NOON.date(), caps={}, now=NOON)),
    ("on_day", lambda tx: run_cycle(tx, "city", unit="minute", on_day=NOON, caps={}, now=NOON)),
    ("caps", lambda tx: run_cycle(tx, "city", unit="minute", on_day=NOON.date(), caps={"A": 10**400}, now=NOON)),
    ("caps", lambda tx: run_cycle(tx, "city", unit="minute", on_day=NOON.date(), caps={"\0": 1}, now=NOON)),
    ("on_day", lambda tx: make_root(tx, on_day="monday")),  # type: ignore[arg-type]
    ("commands", lambda tx: apply(tx, ["x"], now=NOON)),  # type: ignore[list-item]
]


async def test_every_other_function_names_what_it_cannot_read_and_changes_nothing(town: Town) -> None:
    before = await digest(town)
    for field, ask in READINGS:
        async with AsyncSession(town.engine) as tx:
            with pytest.raises(InvalidCommand) as refusal:
                await ask(tx)
        assert refusal.value.data["field"] == field
    assert await digest(town) == before
