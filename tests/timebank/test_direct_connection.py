"""`apply` on the driver's own connection: the same answers and the same refusals as on a session."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.timebank.town import BAI_B, NOON, WANG_B, Town
from timebank import Post, Transfer, apply
from timebank.errors import InsufficientBalance


@pytest.fixture
async def connection(database_url: str, town: Town) -> AsyncIterator[asyncpg.Connection]:  # noqa: ARG001 - the town stands
    found = await asyncpg.connect(database_url.replace("postgresql+asyncpg", "postgresql"))
    yield found
    await found.close()


def service(key: str, amount: int) -> Post:
    return Post(key, (Transfer(BAI_B, WANG_B, amount),), "service", "visit:1", NOON)


async def test_a_call_is_a_transaction_of_its_own(connection: asyncpg.Connection, town: Town) -> None:
    (first,) = await apply(connection, [service("a", 60)], now=NOON)
    (again,) = await apply(connection, [service("a", 60)], now=NOON)
    assert (first.amount, first.repeated, again.repeated) == (60, False, True)
    assert await town.posted(BAI_B, WANG_B) == [540, 60]


async def test_a_refusal_is_named_and_changes_nothing(connection: asyncpg.Connection, town: Town) -> None:
    with pytest.raises(InsufficientBalance) as refused:
        await apply(connection, [service("a", 60), service("b", 541)], now=NOON)
    assert refused.value.data["available"] == 540
    assert await town.posted(BAI_B, WANG_B) == [600, 0]


async def test_a_callers_transaction_is_his_to_end(connection: asyncpg.Connection, town: Town) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await apply(connection, [service("a", 60)], now=NOON)
    await transaction.rollback()
    assert await town.posted(BAI_B, WANG_B) == [600, 0]
