"""Storms: the same command from sixteen connections at once takes effect once, whatever kind of command it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town
from timebank import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    LedgerError,
    Release,
    ReopenAccount,
    Result,
    Reverse,
    SetLimits,
    apply,
    open_account,
)
from timebank.errors import KeyConflict
from timebank.proof import prove

MANY = 16
NEW = open_account("A", "minute", "member", owner="new")
KINDS: dict[str, Command] = {
    "post": replace(Town.__new__(Town).move(BAI_B, VERA_A, 60, key="v1"), reference="visit:v1"),
    "hold": Hold("h2", BAI_B, 60, NOON + HOUR, "task:2"),
    "capture": Capture("c1", "h1", VERA_A, NOON, "visit:1", amount=40),
    "release": Release("free1", "h1"),
    "reverse": Reverse("undo", "grant:bai", NOON, "mistake"),
    "open": NEW,
    "limits": SetLimits("limits", VERA_A, floor=-30, cap=500),
    "close": CloseAccount("close", VERA_A),
    "reopen": ReopenAccount("reopen", WANG_B),
}


async def storm(town: Town, commands: Sequence[Command]) -> list[Result | BaseException]:
    """Each in a transaction of its own, all at once: every connection is open and waits for the others."""
    ready = asyncio.Barrier(len(commands))

    async def one(command: Command) -> Result:
        async with town.begin() as tx:
            await tx.connection()
            await ready.wait()
            [result] = await apply(tx, [command], now=NOON)
        return result

    return await asyncio.gather(*(one(command) for command in commands), return_exceptions=True)


async def sound(town: Town) -> bool:
    async with town.begin() as tx:
        return await prove(tx) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_sixteen_times_the_same_command_at_once_is_done_once_and_answered_alike(town: Town, kind: str) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"), CloseAccount("closed", WANG_B))
    answers = await storm(town, [KINDS[kind]] * MANY)
    results = [one for one in answers if isinstance(one, Result)]
    assert len(results) == MANY, answers
    assert sum(not one.repeated for one in results) == 1
    assert len({replace(one, repeated=False) for one in results}) == 1
    assert await sound(town)


async def test_of_sixteen_commands_of_every_kind_under_one_key_on_one_account_one_wins(town: Town) -> None:
    kinds: list[Command] = [
        *(town.move(BAI_B, VERA_A, amount, key="k") for amount in range(1, 7)),
        *(Hold("k", BAI_B, amount, NOON + HOUR, "task") for amount in range(1, 7)),
        *(SetLimits("k", BAI_B, floor=-floor, cap=None) for floor in range(4)),
    ]
    answers = await storm(town, kinds)
    assert sum(isinstance(one, Result) for one in answers) == 1
    assert sum(isinstance(one, KeyConflict) for one in answers) == MANY - 1
    assert await sound(town)


async def test_a_rival_hold_of_the_same_key_on_another_account_is_a_conflict_by_name(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60)
    async with town.begin() as slow:
        await apply(slow, [Hold("h", BAI_B, 5, NOON + HOUR, "task")], now=NOON)
        rival = asyncio.create_task(town.do(Hold("h", VERA_A, 5, NOON + HOUR, "task")))
        done, _ = await asyncio.wait({rival}, timeout=0.2)
        assert not done  # it waits for the first to commit
    with pytest.raises(KeyConflict):
        await rival
    assert [(await town.account(one)).held for one in (BAI_B, VERA_A)] == [5, 0]


async def test_a_hold_and_what_resolves_it_and_the_same_key_again_in_one_call(town: Town) -> None:
    hold = Hold("h1", BAI_B, 60, NOON + HOUR, "task:1")
    pay = Capture("c1", "h1", VERA_A, NOON, "visit:1", amount=40)
    answers = await town.do(hold, pay, hold, Release("free", "h1"), pay, Reverse("undo", "c1", NOON, "mistake"))
    assert [(one.state, one.amount, one.repeated) for one in answers] == [
        ("held", 60, False),
        ("posted", 40, False),
        ("held", 60, True),
        ("captured", 0, False),
        ("posted", 40, True),
        ("posted", 40, False),
    ]
    with pytest.raises(KeyConflict):
        await town.do(town.move(BAI_B, VERA_A, 1, key="twice"), town.move(BAI_B, VERA_A, 2, key="twice"))
    assert await town.posted(BAI_B, VERA_A) == [600, 0]


async def test_captures_releases_and_sweeps_of_one_hold_at_once_resolve_it_once(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    acts: list[Command] = [Capture(f"c{n}", "h1", VERA_A, NOON, "visit:1") for n in range(8)]
    frees: list[Command] = [Release(f"free{n}", "h1") for n in range(8)]
    answers = await storm(town, [*acts, *frees])
    paid = [one for one in answers[:8] if isinstance(one, Result)]
    freed = [one for one in answers[8:] if isinstance(one, Result) and one.amount]
    assert len(paid) + len(freed) == 1
    assert all(isinstance(one, Result) for one in answers[8:])  # a release never fails
    assert {one.code for one in answers if isinstance(one, LedgerError)} <= {"hold_resolved"}
    assert await sound(town)
