"""What handlers are given by name: `tx`, `actor`, `now`, `platform`, `once`, or all of them as `act`.

The transaction commits before the response starts, so an error at commit still becomes a problem document.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.errors import Malformed, NotSignedIn
from marketplace.base.idempotency import Answer, Once
from marketplace.base.platform import Platform

LONGEST_KEY = 255

# What handlers annotate: `async def book(tx: Tx, actor: Acting, now: Now, once: OnceGiven)`
Tx = NamedDependency[AsyncSession]
Acting = NamedDependency[Actor]
Now = NamedDependency[datetime]
Home = NamedDependency[Platform]
OnceGiven = NamedDependency[Once]


@dataclass(frozen=True, slots=True)
class Act:
    """An act with an effect: in which transaction, whose, when, in which process; done once per key."""

    tx: AsyncSession
    actor: Actor
    now: datetime
    platform: Platform
    key: Once

    async def once(self, shape: type[Answer], work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `work`, or the stored one where the act's key came before. `KeyReused`, `InProgress`."""
        return await self.key(self.tx, shape, work)


Doing = NamedDependency[Act]  # `async def cancel(data: JSONBody[CancelIn], act: Doing)`


class KeyMissing(Malformed):
    """A POST with an effect came without its Idempotency-Key."""

    code = "idempotency_key_missing"
    zh = "请在请求头中提供 Idempotency-Key（1 至 255 个可见字符）。"
    en = "Send an Idempotency-Key header of 1 to 255 visible characters."


def platform_of(request: Request[Any, Any, Any]) -> Platform:
    """The process's platform."""
    found: Platform = request.app.state.platform
    return found


async def _platform(request: Request[Any, Any, Any]) -> Platform:
    return platform_of(request)


async def _tx(request: Request[Any, Any, Any]) -> AsyncIterator[AsyncSession]:
    async with transaction(platform_of(request).db) as tx:
        yield tx


async def _now(request: Request[Any, Any, Any]) -> datetime:
    return platform_of(request).now()


async def _actor(request: Request[Any, Any, Any]) -> Actor:
    actor = request.scope.get("user")
    if not isinstance(actor, Actor):
        raise NotSignedIn
    return actor


async def _once(request: Request[Any, Any, Any]) -> Once:
    key = request.headers.get("idempotency-key", "")
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise KeyMissing
    actor = request.scope.get("user")
    who = actor.account_id if isinstance(actor, Actor) else "anonymous"
    return Once(scope=f"{who} {request.method} {request.url.path}", key=key, payload=await request.body())


async def _act(tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven) -> Act:
    return Act(tx, actor, now, platform, once)


DEPENDENCIES: dict[str, Provide] = {
    "platform": Provide(_platform),
    "tx": Provide(_tx),
    "now": Provide(_now),
    "actor": Provide(_actor),
    "once": Provide(_once),
    "act": Provide(_act),
}
