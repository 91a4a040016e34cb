"""The telephone exchange: one HTTP connection pool, one caller per telephone, a few calls at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx

from marketplace.base.actor import Role
from marketplace.demo.callers.caller import Caller
from marketplace.demo.population import Cast
from marketplace.demo.seeding.staff import PASSWORD

AT_ONCE = 8
TIMEOUT_SECONDS = 60.0
Item = TypeVar("Item")
Result = TypeVar("Result")


class Exchange:
    """Gives callers by telephone and remembers them, so that everybody signs in once."""

    def __init__(self, http: httpx.AsyncClient, cast: Cast) -> None:
        self.http = http
        self.cast = cast
        self._callers: dict[str, Caller] = {}

    def caller(self, phone: str) -> Caller:
        """Whoever has this telephone."""
        if phone not in self._callers:
            self._callers[phone] = Caller(self.http, phone)
        return self._callers[phone]

    def staff(self, role: Role, district: int | None = None) -> Caller:
        """The member of staff with that role, of a district where the role is one per district."""
        (one,) = [one for one in self.cast.staff if one.role == role and one.district == district]
        phone = one.person.phone
        if phone not in self._callers:
            self._callers[phone] = Caller(self.http, phone, password=PASSWORD)
        return self._callers[phone]


@asynccontextmanager
async def exchange(address: str, cast: Cast) -> AsyncIterator[Exchange]:
    """The exchange of a running instance."""
    limits = httpx.Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=2 * AT_ONCE)
    async with httpx.AsyncClient(base_url=address, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False) as http:
        yield Exchange(http, cast)


async def together(
    work: Callable[[Item], Awaitable[Result]],
    items: Sequence[Item],
    *,
    told: Callable[[int, int], None] = lambda _done, _total: None,
    at_once: int = AT_ONCE,
) -> list[Result]:
    """`work` on all items, a few at once; results in the order of the items. The first failure ends it."""
    gate, done = asyncio.Semaphore(at_once), 0

    async def one(item: Item) -> Result:
        nonlocal done
        async with gate:
            result = await work(item)
        done += 1
        told(done, len(items))
        return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in items]
    return [task.result() for task in tasks]
