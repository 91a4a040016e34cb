"""Relays out of a hold that has kept the minutes for them."""

from uuid import uuid4

import pytest

from tests.timebank.links.banks import GRANTED, Banks, carry
from tests.timebank.town import HOUR, NOON
from timebank import Hold, LedgerError, apply, balance, find_hold
from timebank.links import LimitReached
from timebank.links.protocol import Step


async def kept(banks: Banks, amount: int) -> str:
    """A hold's key; all else that east's payer has is held by another."""
    east, _ = banks
    key = f"{east.city}:kept"
    async with east.begin() as tx:
        rest = Hold(f"{east.city}:rest", east.payer, GRANTED - amount, NOON + HOUR, "task:1")
        await apply(tx, [Hold(key, east.payer, amount, NOON + HOUR, "payment:1"), rest], now=NOON)
    return key


async def test_a_relay_takes_what_the_hold_kept_though_there_is_nothing_else(banks: Banks) -> None:
    east, west = banks
    key = await kept(banks, 60)
    relay = await east.start(60, out_of=key)
    async with east.begin() as tx:
        found, hold = await balance(tx, east.payer, now=NOON), await find_hold(tx, key)
    assert (found.posted, found.held) == (GRANTED, GRANTED)
    assert hold is not None
    assert hold.state == "released"
    assert (await east.link()).leaving == 60
    again = await east.start(60, relay=relay.id, out_of=key)
    assert again == relay
    await carry(east, west, relay, Step.PREPARE)
    assert await east.posted(east.payer, east.mirror_account) == [GRANTED - 60, 60]
    assert await east.faults() == []


async def test_more_than_the_hold_kept_is_refused_and_the_hold_stands(banks: Banks) -> None:
    east, _ = banks
    key = await kept(banks, 60)
    for amount, out_of, code in ((61, key, "insufficient_balance"), (60, "nothing", "unknown_hold")):
        with pytest.raises(LedgerError) as refused:
            await east.start(amount, relay=uuid4(), out_of=out_of)
        assert refused.value.code == code
    async with east.begin() as tx:
        hold = await find_hold(tx, key)
    assert hold is not None
    assert hold.state == "held"
    assert await east.flying() == []
    assert (await east.link()).leaving == 0


async def test_a_hold_stands_when_the_partner_lets_us_owe_less_by_now(banks: Banks) -> None:
    east, _ = banks
    key = await kept(banks, 201)  # the partner lets east owe 200
    with pytest.raises(LimitReached):
        await east.start(201, out_of=key)
    async with east.begin() as tx:
        hold = await find_hold(tx, key)
    assert hold is not None
    assert hold.state == "held"
    assert await east.faults() == []
