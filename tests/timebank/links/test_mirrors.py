"""Mirrors: what differs between two banks is found and named, and nothing but a relay moves one."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.timebank.links.banks import Banks, carry, pay
from tests.timebank.town import NOON
from timebank import Command, Post, Reverse, Transfer, apply
from timebank.links import (
    MirrorLocked,
)
from timebank.links.mirrors import (
    Flying,
    Seen,
    differences,
    first_difference,
    head_at,
    relay_at,
    seen_of,
    word_of,
)
from timebank.links.protocol import REFUSED, Answer, Move, Step


async def test_a_diverged_answer_suspends_the_link(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    await carry(east, west, relay, Step.PREPARE)
    decided = await east.relay(relay.id)
    assert await east.record(decided, Step.COMMIT, Answer(REFUSED, "chain_diverged"), now=NOON) is Move.SUSPEND
    link = await east.link()
    assert (link.state, link.reason) == ("suspended", f"chain_diverged, relay {relay.id}")
    assert [one.id for one in await east.flying()] == [relay.id]  # it stays listed until a person has looked


async def test_a_divergence_names_its_first_relay(banks: Banks) -> None:
    east, west = banks
    relays = [await pay(east, west, minutes) for minutes in (10, 20, 30, 40)]

    async def theirs(seq: int) -> bytes | None:
        async with west.begin() as tx:
            return b"other" if seq >= 3 else await head_at(tx, west.id, "in", seq)

    async def ours(seq: int) -> bytes | None:
        async with east.begin() as tx:
            return await head_at(tx, east.id, "out", seq)

    assert await first_difference(4, ours, theirs) == 3
    async with east.begin() as tx:
        assert await relay_at(tx, east.id, "out", 3) == relays[2].id


async def test_a_partner_set_back_to_yesterday_is_found(banks: Banks) -> None:
    east, west = banks
    async with west.begin() as tx:
        yesterday = await word_of(tx, west.id, received=0)
    await pay(west, east, 30)  # which west no longer knows to have sent
    async with east.begin() as tx:
        found = await differences(tx, east.id, replace(yesterday, sent_at=None), seen=await seen_of(tx, east.id))
    assert found == ["received_chain_differs"]
    await pay(east, west, 40)  # which west no longer knows to have received
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
        found = await differences(tx, east.id, replace(yesterday, sent_at=None), seen=seen)
    assert seen == Seen(received=1, confirmed=1)
    assert found == ["sent_relay_lost", "received_chain_differs"]


async def test_what_moves_while_the_partner_is_asked_is_no_difference(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 10)
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
    async with west.begin() as tx:
        word = await word_of(tx, west.id, received=seen.received)
    await pay(east, west, 20)
    await pay(west, east, 30)
    decided = await east.start(5)
    await carry(east, west, decided, Step.PREPARE)
    async with east.begin() as tx:
        assert await differences(tx, east.id, word, seen=seen) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"balance": -9}, "mirror_differs"),
        ({"received_head": b"x" * 32}, "sent_chain_differs"),
        ({"received_height": 7}, "sent_chain_differs"),
        ({"sent_at": b"x" * 32}, "received_chain_differs"),
        ({"flying": (Flying(UUID(int=3), "in", "prepared", 5, None),)}, f"unknown_in_flight:{UUID(int=3)}"),
    ],
)
async def test_each_kind_of_difference_has_its_code(banks: Banks, wrong: dict[str, Any], code: str) -> None:
    east, west = banks
    await pay(east, west, 10)
    async with east.begin() as tx:
        seen = await seen_of(tx, east.id)
    async with west.begin() as tx:
        word = await word_of(tx, west.id, received=seen.received)
    async with east.begin() as tx:
        assert await differences(tx, east.id, replace(word, **wrong), seen=seen) == [code]


@pytest.mark.parametrize("change", ["post", "reverse"])
async def test_a_mirror_moves_with_a_relay_only(banks: Banks, change: str) -> None:
    east, west = banks
    relay = await pay(east, west, 60)
    move = Transfer(east.mirror_account, east.payer, 10)
    commands: dict[str, Command] = {
        "post": Post(f"steal:{east.city}", (move,), "gift", "gift", NOON),
        "reverse": Reverse(f"undo:{east.city}", f"relay:{east.id}:{relay.id}:commit", NOON, "a mistake"),
    }
    with pytest.raises(MirrorLocked):
        async with east.begin() as tx:
            await apply(tx, [commands[change]], now=NOON)
