"""Three running banks, each linked with both others, with a line of its own per link."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations, count
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.hours.books import CITY
from tests.marketplace.hours.links.cuts import Line, line_between
from tests.marketplace.hours.links.instances import Side, agree, until
from timebank.audit import trial_balance
from timebank.links import Link

Pair = frozenset[str]


@dataclass
class Triangle:
    """The banks by name; per link its line, and each end of it: the bank, as it looks from there."""

    sides: dict[str, Side]
    lines: dict[Pair, Line]
    ends: dict[tuple[str, str], Side]

    async def pay(self, payer: str, payee: str, minutes: int) -> UUID:
        return await self.ends[payer, payee].pay(self.sides[payee], minutes)

    async def links(self) -> dict[tuple[str, str], Link]:
        """Each link as either of its banks has it: `east, west` is what east knows of its link to west."""
        return {end: await side.link() for end, side in self.ends.items()}

    async def at_rest(self, *pairs: Pair) -> None:
        """Until nothing is in flight on these links."""
        looks = count(1)
        ends = [side for end, side in self.ends.items() if frozenset(end) in pairs]

        async def nothing_flies() -> bool:
            if next(looks) % 10 == 0:
                for one in self.sides.values():
                    one.pass_time(timedelta(minutes=1))
            return not any([await side.flying() for side in ends])

        await until(nothing_flies)

    async def agree(self) -> None:
        """All three books are whole, and of no link do the two banks differ, whichever asks."""
        for side in self.sides.values():
            assert await side.faults() == []
        found = await self.links()
        for (one, other), link in found.items():
            back = found[other, one]
            assert (link.balance, link.state) == (-back.balance, "open")
            assert (link.sent_height, link.sent_head) == (back.received_height, back.received_head)
            side = self.ends[one, other]
            compared = await side.post(f"/v1/links/{side.link_id}/compare", side.operator)
            assert compared == {"differences": [], "first_relay": None, "height": None}

    async def issued(self) -> dict[str, tuple[int, int]]:
        """Per bank: what it issued, and what members, pools, reserve and mirrors have together."""
        found = {}
        for name, side in self.sides.items():
            async with transaction(side.platform.db) as tx:
                lines = await trial_balance(tx)
            minutes = [line for line in lines if line.unit == "minute"]
            issuance = sum(line.posted for line in minutes if (line.book, line.kind) == (CITY, "issuance"))
            others = ("member", "pool", "reserve", "link", "unclaimed")
            found[name] = (-issuance, sum(line.posted for line in minutes if line.kind in others))
        return found


@asynccontextmanager
async def linked(sides: dict[str, Side]) -> AsyncIterator[Triangle]:
    """Every two of them open a link, over a line of their own."""
    ports = {name: side.settings.port for name, side in sides.items()}
    lines: dict[Pair, Line] = {}
    ends: dict[tuple[str, str], Side] = {}
    async with AsyncExitStack() as stack:
        for one, other in combinations(sides, 2):
            pair = {name: ports[name] for name in (one, other)}
            line = await stack.enter_async_context(line_between(pair, pair))
            here, there = replace(sides[one]), replace(sides[other])
            await agree(here, there, line.urls)
            lines[frozenset(pair)], ends[one, other], ends[other, one] = line, here, there
        yield Triangle(sides, lines, ends)
