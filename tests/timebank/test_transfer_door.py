"""One transfer by typed parameters: the same answers, keys and refusals as the command that says it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.timebank.town import BAI_B, NOON, VERA_A, WANG_B, Town
from timebank import Post, Transfer, account_id, apply
from timebank.errors import InsufficientBalance, InvalidCommand, KeyConflict, LedgerError, UnknownAccount, named
from timebank.ledger import document

TEXTS = ("plain", 'with "quotes" and \\', "中文与表情 🙂", "a" * 200, " spaces ", "visit:1~!#[]{}")
LATER = NOON + timedelta(hours=1)
INSTANTS = (
    NOON,
    NOON + timedelta(microseconds=1),
    datetime(999, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
)
DOOR = text(
    "SELECT ledger_transfer(CAST(:key AS text), CAST(:source AS uuid), CAST(:destination AS uuid),"
    " CAST(:amount AS bigint), CAST(:kind AS text), CAST(:reference AS text),"
    " CAST(CAST(:occurred_at AS text) AS timestamptz), CAST(CAST(:now AS text) AS timestamptz))"
)
GOOD = {
    "key": "k",
    "source": str(BAI_B),
    "destination": str(WANG_B),
    "amount": 60,
    "kind": "service",
    "reference": "visit:1",
    "occurred_at": NOON.isoformat(),
    "now": NOON.isoformat(),
}


async def as_document(town: Town, *commands: Any) -> list[dict[str, Any]]:
    """The same commands by ledger_apply."""
    async with town.begin() as tx:
        answers = await tx.scalar(
            text("SELECT ledger_apply(CAST(:commands AS jsonb), :now)"),
            {"commands": json.dumps([document(one) for one in commands]), "now": LATER},
        )
    return list(answers)


async def refused(town: Town, **changes: Any) -> LedgerError | None:
    """The door's refusal of a good transfer with these changes."""
    with pytest.raises(DBAPIError) as raised:
        async with town.begin() as tx:
            await tx.execute(DOOR, GOOD | changes)
    return named(raised.value)


@pytest.mark.parametrize("occurred_at", INSTANTS)
async def test_what_goes_through_the_door_is_known_to_ledger_apply_and_the_other_way_round(
    town: Town, occurred_at: datetime
) -> None:
    """The payload's hash is of the same text, whichever way it came."""
    for words in TEXTS:

        def command(last: str, destination: UUID = WANG_B, words: str = words) -> Post:
            return Post(words[:-1] + last, (Transfer(BAI_B, destination, 1),), "service", words, occurred_at)

        moved = [*await town.do(command("1"), now=LATER), *await town.do(command("2", VERA_A), now=LATER)]
        again = await as_document(town, command("1"), command("2", VERA_A))
        assert [one["repeated"] for one in again] == [True, True], words
        assert [one["entry_id"] for one in again] == [one.entry_id for one in moved]
        [said] = await as_document(town, command("3"))
        [repeated] = await town.do(command("3"), now=LATER)
        assert (repeated.entry_id, repeated.repeated) == (said["entry_id"], True), words
    count = len(TEXTS)
    assert await town.posted(BAI_B, WANG_B, VERA_A) == [600 - 3 * count, 2 * count, count]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "k" * 10_000}, "key"),
        ({"key": "cycle:city"}, "key"),
        ({"key": None}, "key"),
        ({"key": "a\tb"}, "key"),
        ({"kind": ""}, "kind"),
        ({"reference": None}, "reference"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 2**63 - 1}, "amount"),
        ({"amount": None}, "amount"),
        ({"source": None}, "source"),
        ({"destination": None}, "destination"),
        ({"destination": str(BAI_B)}, "transfers"),
        ({"occurred_at": "infinity"}, "occurred_at"),
        ({"occurred_at": "-infinity"}, "occurred_at"),
        ({"occurred_at": "0044-03-15 12:00:00+00 BC"}, "occurred_at"),
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": (NOON + timedelta(hours=1)).isoformat()}, "occurred_at"),
        ({"now": None}, "now"),
        ({"now": "infinity"}, "now"),
    ],
)
async def test_malformed_parameters_are_refused_by_name_and_change_nothing(
    town: Town, changes: dict[str, Any], field: str
) -> None:
    refusal = await refused(town, **changes)
    assert isinstance(refusal, InvalidCommand)
    assert refusal.data["field"] == field
    assert await town.posted(BAI_B, WANG_B) == [600, 0]


async def test_refusals_are_those_of_the_command(town: Town) -> None:
    assert isinstance(await refused(town, amount=601), InsufficientBalance)
    assert isinstance(await refused(town, source=str(account_id("A", "minute", "member", "nobody"))), UnknownAccount)
    await town.do(town.move(BAI_B, WANG_B, 1, key="k"))
    assert isinstance(await refused(town), KeyConflict)


async def test_a_snapshot_older_than_the_locks_is_refused(town: Town) -> None:
    async with town.begin() as tx:
        await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        with pytest.raises(InvalidCommand):
            await apply(tx, [town.move(BAI_B, WANG_B, 1)], now=NOON)
        await tx.rollback()
