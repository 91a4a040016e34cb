"""Links: opening, closing, and whose name it is."""

from uuid import uuid4

import pytest

from tests.timebank.links.banks import Bank, Banks, carry, pay
from tests.timebank.town import NOON
from timebank import CloseAccount, apply
from timebank.errors import AccountNotEmpty
from timebank.links import (
    LinkExists,
    LinkNotEmpty,
    LinkSuspended,
    close_link,
    open_link,
    resume_link,
)
from timebank.links.protocol import REFUSED, Answer, Step


async def test_a_link_closes_only_when_nothing_is_owed_or_in_flight(banks: Banks) -> None:
    east, west = banks
    await pay(east, west, 60)

    async def close(bank: Bank) -> None:
        async with bank.begin() as tx:
            await close_link(tx, bank.id, reason="the end", now=NOON)

    with pytest.raises(LinkNotEmpty):
        await close(east)
    await pay(west, east, 60)
    flying = await east.start(10)
    with pytest.raises(LinkNotEmpty):
        await close(east)
    await east.record(flying, Step.PREPARE, Answer(REFUSED, "payee_unknown"), now=NOON)
    await close(east)
    with pytest.raises(LinkSuspended):
        async with east.begin() as tx:
            await resume_link(tx, east.id, now=NOON)
    assert await east.faults() == []


async def test_a_closed_link_may_be_followed_by_another_to_the_same_partner(banks: Banks) -> None:
    east, _ = banks
    async with east.begin() as tx:
        await close_link(tx, east.id, reason="the end", now=NOON)
    names = {"our_name": "east", "their_name": "west"}
    async with east.begin() as tx:
        fresh = await open_link(tx, uuid4(), book=east.city, unit="minute", **names, limit=5, now=NOON)
    assert (fresh.state, fresh.our_limit, fresh.balance) == ("open", 5, 0)


async def test_a_link_does_not_close_over_unclaimed_minutes(banks: Banks) -> None:
    east, west = banks
    relay = await east.start(60)
    await carry(east, west, relay, Step.PREPARE)
    async with west.begin() as tx:
        await apply(tx, [CloseAccount(f"left:{west.city}", west.payee)], now=NOON)
    await carry(east, west, await east.relay(relay.id), Step.COMMIT)
    await pay(west, east, 60)
    with pytest.raises(AccountNotEmpty):
        async with west.begin() as tx:
            await close_link(tx, west.id, reason="the end", now=NOON)


async def test_opening_again_changes_nothing_and_a_name_belongs_to_one_link(banks: Banks) -> None:
    east, _ = banks
    names = {"our_name": "east", "their_name": "west"}
    async with east.begin() as tx:
        again = await open_link(tx, east.id, book=east.city, unit="minute", **names, limit=1, now=NOON)
    assert again.our_limit == 300
    with pytest.raises(LinkExists):
        async with east.begin() as tx:
            await open_link(tx, uuid4(), book=east.city, unit="minute", **names, limit=1, now=NOON)
