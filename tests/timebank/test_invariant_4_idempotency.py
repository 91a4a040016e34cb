"""Invariant 4: the same key with the same command is answered again, with another command it is a conflict."""

import asyncio
from dataclasses import replace

import pytest

from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town
from timebank import Capture, CloseAccount, Command, Hold, Release, Reverse
from timebank.errors import KeyConflict


async def test_invariant_4_a_repeated_post_is_answered_again_and_moves_nothing(town: Town) -> None:
    command = town.move(BAI_B, VERA_A, 60, key="v1")
    [first] = await town.do(command)
    [again] = await town.do(command)
    assert again == replace(first, repeated=True)
    assert await town.posted(BAI_B, VERA_A) == [540, 60]


async def test_invariant_4_the_same_key_with_another_amount_is_a_conflict(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    with pytest.raises(KeyConflict) as refusal:
        await town.give(BAI_B, VERA_A, 61, key="v1")
    assert refusal.value.data == {"key": "v1"}
    assert await town.posted(VERA_A) == [60]


async def test_invariant_4_a_key_belongs_to_one_command_of_any_kind(town: Town) -> None:
    await town.give(BAI_B, VERA_A, 60, key="v1")
    with pytest.raises(KeyConflict):
        await town.do(Hold("v1", BAI_B, 60, NOON + HOUR, "task:1"))
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    with pytest.raises(KeyConflict):
        await town.give(BAI_B, VERA_A, 60, key="h1")


async def test_invariant_4_every_command_may_be_repeated(town: Town) -> None:
    commands = (
        town.move(BAI_B, VERA_A, 60, key="v1"),
        Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"),
        Hold("h2", BAI_B, 30, NOON + HOUR, "task:2"),
        Capture("c1", "h1", WANG_B, NOON, "visit:1"),
        Release("free2", "h2"),
        Reverse("r1", "v1", NOON, "mistake"),
        CloseAccount("close", VERA_A),
    )
    first = await town.do(*commands)
    assert await town.do(*commands) == [replace(result, repeated=True) for result in first]
    assert await town.posted(BAI_B, VERA_A, WANG_B) == [540, 0, 60]


async def test_invariant_4_the_same_command_twice_in_one_call_counts_once(town: Town) -> None:
    command = town.move(BAI_B, VERA_A, 60)
    first, second = await town.do(command, command)
    assert (first.repeated, second.repeated) == (False, True)
    assert await town.posted(VERA_A) == [60]


async def test_invariant_4_a_storm_of_concurrent_duplicates_moves_once(town: Town) -> None:
    command = town.move(BAI_B, VERA_A, 60, key="v1")
    answers = await asyncio.gather(*(town.do(command) for _ in range(12)))
    assert sum(not answer[0].repeated for answer in answers) == 1
    assert len({answer[0].entry_id for answer in answers}) == 1
    assert await town.posted(BAI_B, VERA_A) == [540, 60]


async def test_invariant_4_a_storm_of_captures_and_releases_resolves_a_hold_once(town: Town) -> None:
    await town.do(Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"))
    acts: list[Command] = [Capture("c1", "h1", WANG_B, NOON, "visit:1") for _ in range(6)]
    frees: list[Command] = [Release("free1", "h1") for _ in range(6)]
    answers = await asyncio.gather(*(town.do(act) for act in (*acts, *frees)), return_exceptions=True)
    bai, wang = await town.account(BAI_B), await town.account(WANG_B)
    assert (bai.posted + wang.posted, bai.held) == (600, 0)
    assert wang.posted in (0, 60)
    freed = sum(one[0].amount for one in answers[6:] if not isinstance(one, BaseException) and not one[0].repeated)
    assert freed == 60 - wang.posted
    assert not any(isinstance(one, BaseException) for one in answers[6:])  # a release never fails


async def test_invariant_4_a_storm_of_other_payloads_under_one_key_lets_one_through(town: Town) -> None:
    commands = [town.move(BAI_B, VERA_A, amount, key="v1") for amount in range(1, 9)]
    answers = await asyncio.gather(*(town.do(command) for command in commands), return_exceptions=True)
    done = [one for one in answers if not isinstance(one, BaseException)]
    assert len(done) == 1
    assert sum(isinstance(one, KeyConflict) for one in answers) == 7
    assert await town.posted(VERA_A) == [done[0][0].amount]
