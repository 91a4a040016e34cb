"""A call of many posts is carried out as a set: it must store and answer what the same commands would one by one."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import (
    BAI_B,
    HOUR,
    ISSUANCE,
    LIU_A,
    NOON,
    POOL_A,
    POOL_B,
    RESERVE,
    VERA_A,
    WANG_B,
    Town,
    post,
)
from timebank import Command, Hold, Post, SetLimits, Transfer, account_id, apply
from timebank.errors import InsufficientBalance, KeyConflict, LedgerError, UnknownAccount
from timebank.export import export_lines
from timebank.ledger import document
from timebank.proof import prove
from timebank.verify import verify

PEOPLE = (VERA_A, WANG_B, BAI_B, LIU_A, POOL_A, POOL_B, RESERVE)
FREE = tuple(SetLimits(f"free:{one}", one, floor=-(10**6), cap=None) for one in PEOPLE)
ONE_BY_ONE = 7  # commands that are too few for a set
STORED = """
SELECT json_agg(e) FROM (
  SELECT e.key, encode(e.payload_hash, 'hex') AS hash, e.kind, e.reference, e.occurred_at, e.amount, e.excess,
    encode(e.digest, 'hex') AS digest, (SELECT json_agg(to_jsonb(p) - 'entry' ORDER BY leg)
      FROM ledger_posting p WHERE p.entry = e.id) AS legs
  FROM ledger_entry e ORDER BY e.id) e
"""


def posts(chance: Random, accounts: Sequence[Any], number: int) -> list[Post]:
    """Random posts of one to three transfers, within branches and across them."""

    def transfer() -> Transfer:
        source, destination = chance.sample(accounts, 2)
        return Transfer(source, destination, chance.randrange(1, 90))

    return [
        post(
            f"p{place}",
            *(transfer() for _ in range(chance.choice((1, 1, 1, 3)))),
            excess_to=chance.choice((None, POOL_A)),
        )
        for place in range(number)
    ]


async def carried_out(town: Town, *calls: Sequence[Command]) -> tuple[object, str]:
    """What these calls of one transaction answered (or the refusal), and all that was stored; then rolled back."""
    async with AsyncSession(town.engine) as tx:
        try:
            answers = [replace(one, entry_id=None) for call in calls for one in await apply(tx, call, now=NOON)]
        except LedgerError as error:
            return (type(error), error.data), ""
        accounts = await tx.scalar(text("SELECT json_agg(a ORDER BY id) FROM ledger_account a"))
        return answers, json.dumps([await tx.scalar(text(STORED)), accounts])


async def went_as_a_set(town: Town, commands: Sequence[Post]) -> bool:
    """Whether the set's function took them, or left them to the general way."""
    async with AsyncSession(town.engine) as tx:
        answers = await tx.scalar(
            text("SELECT ledger_batch(CAST(:commands AS jsonb), :now)"),
            {"commands": json.dumps([document(one) for one in commands]), "now": NOON},
        )
        return answers is not None


@pytest.mark.parametrize("seed", range(12))
async def test_a_set_stores_and_answers_what_one_by_one_does(town: Town, seed: int) -> None:
    chance = Random(seed)
    await town.do(*FREE)
    commands = posts(chance, PEOPLE, chance.choice((8, 40, 100)))
    few = [commands[at : at + ONE_BY_ONE] for at in range(0, len(commands), ONE_BY_ONE)]
    assert await went_as_a_set(town, commands)
    assert await carried_out(town, commands) == await carried_out(town, *few)


@pytest.mark.parametrize("seed", range(12))
async def test_floors_caps_and_excess_within_a_set_are_judged_command_by_command(town: Town, seed: int) -> None:
    chance = Random(1_000 + seed)
    await town.do(SetLimits("cap", VERA_A, floor=0, cap=120), town.move(ISSUANCE, WANG_B, 400))
    commands = posts(chance, (BAI_B, WANG_B, VERA_A), 20)
    few = [commands[at : at + ONE_BY_ONE] for at in range(0, len(commands), ONE_BY_ONE)]
    assert await carried_out(town, commands) == await carried_out(town, *few)


async def test_a_call_of_several_hundreds_goes_in_parts_and_one_part_may_need_a_judgement(town: Town) -> None:
    await town.do(*FREE, SetLimits("cap", VERA_A, floor=0, cap=10))
    commands = [town.move(BAI_B, WANG_B, 1) for _ in range(250)]
    commands[130] = post("over", Transfer(BAI_B, VERA_A, 12), excess_to=POOL_A)
    answers = await town.do(*commands)
    assert (answers[130].amount, answers[130].excess, len({one.entry_id for one in answers})) == (10, 2, 250)
    assert await town.posted(BAI_B, WANG_B, VERA_A, POOL_A) == [600 - 249 - 12, 249, 10, 2]
    again = await town.do(*commands)
    assert again == [replace(one, repeated=True) for one in answers]
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []
        verify([line async for line in export_lines(tx)])


async def test_a_refusal_in_a_set_is_named_and_nothing_of_the_call_stays(town: Town) -> None:
    enough = [town.move(BAI_B, WANG_B, 40) for _ in range(15)]  # 600 minutes, all that she has
    with pytest.raises(InsufficientBalance) as refused:
        await town.do(*enough, town.move(BAI_B, VERA_A, 1, key="last"))
    assert refused.value.data["key"] == "last"
    with pytest.raises(UnknownAccount):
        await town.do(*enough, town.move(BAI_B, account_id("A", "minute", "member", "nobody"), 1))
    assert await town.posted(BAI_B, WANG_B) == [600, 0]


async def test_what_is_held_cannot_leave_in_a_set_until_the_hold_expires(town: Town) -> None:
    await town.do(Hold("h", BAI_B, 100, NOON + HOUR, "task:1"))
    commands = [town.move(BAI_B, WANG_B, 60) for _ in range(10)]
    with pytest.raises(InsufficientBalance):
        await town.do(*commands)
    await town.do(*commands, now=NOON + 2 * HOUR)
    assert await town.posted(BAI_B, WANG_B) == [0, 600]


async def test_a_key_of_another_kind_or_used_twice_is_a_conflict_in_a_set_too(town: Town) -> None:
    await town.do(*FREE, Hold("taken", LIU_A, 1, NOON + HOUR, "task:1"))
    moves = [town.move(BAI_B, WANG_B, 1) for _ in range(10)]
    with pytest.raises(KeyConflict):
        await town.do(*moves, town.move(BAI_B, WANG_B, 1, key="taken"))
    with pytest.raises(KeyConflict):
        await town.do(*moves, town.move(BAI_B, WANG_B, 1, key="twice"), town.move(BAI_B, WANG_B, 2, key="twice"))
    assert await town.posted(BAI_B, WANG_B) == [600, 0]


async def test_a_rival_with_the_same_key_on_other_accounts_is_a_conflict_by_name(town: Town) -> None:
    await town.do(*FREE)
    async with AsyncSession(town.engine) as tx, AsyncSession(town.engine) as rival:
        await apply(rival, [town.move(VERA_A, LIU_A, 1, key="same")], now=NOON)
        commands = [town.move(BAI_B, WANG_B, 1) for _ in range(9)] + [town.move(BAI_B, WANG_B, 1, key="same")]
        waiting = asyncio.create_task(apply(tx, commands, now=NOON))
        await asyncio.sleep(0.2)
        await rival.commit()
        with pytest.raises(KeyConflict) as refused:
            await waiting
    assert refused.value.data == {"key": "same"}
    assert await town.posted(BAI_B, WANG_B, LIU_A) == [600, 0, 1]


async def test_raw_legs_of_two_entries_in_one_statement_are_judged_as_a_set(town: Town) -> None:
    forged = (
        "WITH made AS (INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, amount, digest)"
        " SELECT 'f' || n, '', 'service', 'visit:x', now(), 60, '' FROM generate_series(1, 2) n RETURNING id)"
        " INSERT INTO ledger_posting (entry, leg, role, account, book, unit, amount, version, balance_after, hash)"
        " SELECT id, leg, 'account', a.id, 'B', 'minute', CASE leg WHEN 1 THEN -{amount} ELSE {amount} END,"
        " a.version, a.posted, a.chain_head FROM made, generate_series(1, 2) leg, ledger_account a"
        " WHERE a.id = CAST(CASE leg WHEN 1 THEN :bai ELSE :wang END AS uuid)"
    )
    for amount, reason in ((60, "account"), (0, "account")):
        async with AsyncSession(town.engine) as tx:
            with pytest.raises(DBAPIError, match=reason):
                await tx.execute(text(forged.format(amount=amount)), {"bai": str(BAI_B), "wang": str(WANG_B)})
