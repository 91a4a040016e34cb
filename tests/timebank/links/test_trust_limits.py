"""Trust limits: what is owed and what is under way never passes either of them."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.timebank.links.banks import Banks, carry, pay
from tests.timebank.town import HOUR, NOON
from timebank.errors import InsufficientBalance, named
from timebank.links import (
    LimitReached,
    hear_limit,
    prepare_in,
    set_our_limit,
)
from timebank.links.protocol import REFUSED, Answer, Move, Step


async def test_our_limit_counts_what_is_in_flight_by_the_mirrors_own_floor(banks: Banks) -> None:
    east, west = banks
    first = await east.start(150)
    assert (await west.receive(Step.PREPARE, first, now=NOON)).state == "prepared"
    async with east.begin() as tx:
        await hear_limit(tx, east.id, 1_000)  # east believes in a limit that west never gave
    second = await east.start(60)
    # west lets east owe 200; 150 are on their way, so 50 fit and 60 do not
    assert await west.receive(Step.PREPARE, second, now=NOON) == Answer(REFUSED, "limit_reached")
    terms: dict[str, Any] = {"payer": "east/bai", "payee": "west/vera", "expires_at": NOON + HOUR}
    with pytest.raises(LimitReached) as refused:
        async with west.begin() as tx:
            await prepare_in(
                tx, west.id, uuid4(), account=west.payee, excess_to=None, unit="minute", amount=60, **terms, now=NOON
            )
    assert refused.value.data == {"link": str(west.id), "whose": "ours", "room": 50, "amount": 60}


async def test_their_limit_counts_what_is_leaving(banks: Banks) -> None:
    east, _ = banks
    await east.start(150)
    with pytest.raises(LimitReached) as refused:
        await east.start(60)
    assert refused.value.data == {"link": str(east.id), "whose": "theirs", "room": 50, "amount": 60}
    await east.start(50)
    assert await east.faults() == []


async def test_a_lowered_limit_lets_end_what_is_under_way_and_admits_nothing_more(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(100)
    async with east.begin() as tx:
        await hear_limit(tx, east.id, 40)
    assert await carry(east, west, relay, Step.PREPARE) is Move.COMMIT
    with pytest.raises(LimitReached):
        await east.start(1)
    assert (await east.link()).balance == 100


async def test_our_limit_cannot_fall_below_what_is_owed_and_under_way(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 80)
    await west.receive(Step.PREPARE, await east.start(70), now=NOON)
    async with west.begin() as tx:
        await set_our_limit(tx, west.id, 150, key=f"lower:{west.city}", now=NOON)
    with pytest.raises(InsufficientBalance):
        async with west.begin() as tx:
            await set_our_limit(tx, west.id, 149, key=f"lower still:{west.city}", now=NOON)


async def test_raw_sql_cannot_owe_more_than_the_partner_lets(banks: Banks) -> None:
    east, _ = banks
    with pytest.raises(DBAPIError) as refused:
        async with east.begin() as tx:
            await tx.execute(text(f"UPDATE ledger_link SET leaving = leaving + 201 WHERE id = '{east.id}'"))
    assert isinstance(named(refused.value), LimitReached)
