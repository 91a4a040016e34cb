"""Two running banks and the line between them, as one thing that a test looks at."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text

from marketplace.base.database import transaction
from marketplace.hours.links.models import LinkPeer
from tests.marketplace.hours.links.cuts import Line
from tests.marketplace.hours.links.instances import LONG, Side, until

A_WHILE = timedelta(minutes=6)  # longer than the longest pause between two tries, shorter than a payment waits
HEAD = "UPDATE ledger_link SET received_head = :head WHERE id = :link"


@dataclass
class World:
    """Both banks and the line between them."""

    line: Line
    sides: dict[str, Side]

    def pair(self, payer: str) -> tuple[Side, Side]:
        """Who pays, and who is paid."""
        other = "west" if payer == "east" else "east"
        return self.sides[payer], self.sides[other]

    def pass_time(self, time: timedelta) -> None:
        for side in self.sides.values():
            side.pass_time(time)

    async def at_rest(self) -> None:
        """Until neither bank lists anything in flight; meanwhile time passes, so that pauses between tries end."""
        looks = count(1)

        async def nothing_flies() -> bool:
            if next(looks) % 10 == 0:
                self.pass_time(timedelta(minutes=1))
            return not any([await side.flying() for side in self.sides.values()])

        await until(nothing_flies)

    async def balances(self) -> dict[str, tuple[int, int, int]]:
        """Per bank: what its payer and payee have, and its mirror."""
        return {name: (*await side.minutes(), (await side.link()).balance) for name, side in self.sides.items()}

    async def agree(self) -> None:
        """Both books are whole, and each bank finds nothing to differ when it asks the other."""
        east, west = self.sides["east"], self.sides["west"]
        ours, theirs = await east.link(), await west.link()
        assert ours.balance == -theirs.balance
        assert (ours.sent_head, ours.received_head) == (theirs.received_head, theirs.sent_head)
        for side in (east, west):
            assert await side.faults() == []
            compared = await side.post(f"/v1/links/{side.link_id}/compare", side.operator)
            assert compared == {"differences": [], "first_relay": None, "height": None}
            assert (await side.link()).state == "open"


async def states(relay: UUID, *sides: Side) -> list[str | None]:
    """How the relay stands at each bank."""
    found = [await side.relay(relay) for side in sides]
    return [None if one is None else one.state for one in found]


async def caught(line: Line) -> None:
    await asyncio.wait_for(line.caught.wait(), 20)


def moved(before: dict[str, tuple[int, int, int]], payer: str, minutes: int) -> dict[str, tuple[int, int, int]]:
    """What the balances must be after the payment: the payer less, the other bank's payee more, the mirrors apart."""
    payee = "west" if payer == "east" else "east"
    gave, got = before[payer], before[payee]
    return {
        payer: (gave[0] - minutes, gave[1], gave[2] + minutes),
        payee: (got[0], got[1] + minutes, got[2] - minutes),
    }


async def until_expired(relay: UUID, side: Side) -> None:
    async def is_expired() -> bool:
        return (await states(relay, side)) == ["expired"]

    await until(is_expired)


async def prepared_and_expired(world: World, here: Side, there: Side, minutes: int) -> UUID:
    """A payment of which the payee's bank is prepared while the payer's has given it up; the line is cut."""
    world.line.cut_at("prepare", "answer")
    relay = await here.pay(there, minutes)
    await caught(world.line)
    world.pass_time(LONG)
    await until_expired(relay, here)
    assert await states(relay, there) == ["prepared"]
    return relay


async def blocked(side: Side) -> Any:
    """A session that holds the link's row, so that whoever wants to move a relay there waits in its transaction."""
    session = side.platform.db.session()
    await session.execute(text("SELECT 1 FROM ledger_link WHERE id = :link FOR UPDATE"), {"link": side.link_id})
    return session


async def somebody_waits(side: Side) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with transaction(side.platform.db) as tx:
        return bool(await tx.scalar(text(query)))


async def until_somebody_waits(side: Side) -> None:
    async def somebody() -> bool:
        return await somebody_waits(side)

    await until(somebody)


async def until_nobody_waits(side: Side) -> None:
    async def nobody() -> bool:
        return not await somebody_waits(side)

    await until(nobody)


async def rewrite(side: Side, statements: dict[str, dict[str, object]]) -> None:
    """What only the owner of the tables can do: change history with the triggers off."""
    async with transaction(side.platform.db) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        for statement, given in statements.items():
            await tx.execute(text(statement), {"link": side.link_id, **given})


async def garble_received(side: Side, seq: int | None) -> list[Any]:
    """Rewrite the heads of what a bank received, from `seq` on; what they were."""
    which = "WHERE link = :link AND direction = 'in' AND seq >= :seq"
    async with transaction(side.platform.db) as tx:
        query = text(f"SELECT id, head FROM ledger_relay {which}")
        kept = list((await tx.execute(query, {"link": side.link_id, "seq": seq})).all())
    heads = f"UPDATE ledger_relay SET head = sha256(head || :salt) {which}"
    await rewrite(side, {heads: {"seq": seq, "salt": b"x"}, HEAD: {"head": b"x" * 32}})
    return kept


async def put_back_received(side: Side, kept: list[Any], head: bytes) -> None:
    """What `garble_received` changed, as it was."""
    one = "UPDATE ledger_relay SET head = :head WHERE link = :link AND id = :relay"
    for relay, right in kept:
        await rewrite(side, {one: {"relay": relay, "head": right}})
    await rewrite(side, {HEAD: {"head": head}})


async def peer_of(side: Side) -> LinkPeer:
    """The keys that a bank has for the link."""
    async with transaction(side.platform.db) as tx:
        return await tx.get_one(LinkPeer, side.link_id, populate_existing=True)
