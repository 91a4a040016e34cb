"""A small city for the ledger's tests: its book, branches A and B, their people and pools, and verbs to act in it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from timebank import (
    Balance,
    Command,
    Post,
    Result,
    Transfer,
    account_id,
    apply,
    balance,
    net_positions,
    open_account,
    open_book,
)

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # Monday noon in the city
HOUR = timedelta(hours=1)
AUTHORISED = 6_000  # minutes the city may issue

ISSUANCE = account_id("city", "minute", "issuance")
RESERVE = account_id("city", "minute", "reserve")
POOL_A = account_id("A", "minute", "pool")
POOL_B = account_id("B", "minute", "pool")
VERA_A = account_id("A", "minute", "member", "vera")  # a volunteer in A
WANG_B = account_id("B", "minute", "member", "wang")  # a volunteer in B
BAI_B = account_id("B", "minute", "member", "bai")  # an elder in B
LIU_A = account_id("A", "minute", "member", "liu")  # an elder in A

OPENINGS: tuple[Command, ...] = (
    open_account("city", "minute", "issuance", floor=-AUTHORISED),
    open_account("city", "minute", "reserve"),
    open_account("A", "minute", "pool"),
    open_account("B", "minute", "pool"),
    open_account("A", "minute", "member", owner="vera"),
    open_account("B", "minute", "member", owner="wang"),
    open_account("B", "minute", "member", owner="bai"),
    open_account("A", "minute", "member", owner="liu"),
)


@dataclass
class Town:
    """Acts in the city, each act in a committed transaction of its own."""

    engine: AsyncEngine
    _keys: "count[int]" = field(default_factory=count)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction, committed at the end."""
        async with AsyncSession(self.engine) as tx, tx.begin():
            yield tx

    def key(self) -> str:
        """A fresh key."""
        return f"key:{next(self._keys)}"

    async def do(self, *commands: Command, now: datetime = NOON) -> list[Result]:
        """Apply and commit."""
        async with self.begin() as tx:
            return await apply(tx, commands, now=now)

    def move(self, source: UUID, destination: UUID, amount: int, *, key: str | None = None) -> Post:
        """A post of one transfer."""
        return post(key or self.key(), Transfer(source, destination, amount))

    async def give(self, source: UUID, destination: UUID, amount: int, *, key: str | None = None) -> Result:
        """Post one transfer and commit."""
        return (await self.do(self.move(source, destination, amount, key=key)))[0]

    async def account(self, account: UUID, *, now: datetime = NOON) -> Balance:
        """The account as committed."""
        async with AsyncSession(self.engine) as tx:
            return await balance(tx, account, now=now)

    async def posted(self, *accounts: UUID) -> list[int]:
        """The accounts' posted balances as committed."""
        return [(await self.account(account)).posted for account in accounts]

    async def legs(self, key: str) -> list[tuple[str, str, str | None, int]]:
        """An entry's legs in order: role, book, branch, amount."""
        rows = await self.rows(
            "SELECT p.role, p.book, p.branch, p.amount FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry"
            " WHERE e.key = :key ORDER BY leg",
            key=key,
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def positions(self) -> dict[str, tuple[int, int]]:
        """Per branch: clearing, and the city's mirror of it."""
        async with AsyncSession(self.engine) as tx:
            return {one.branch: (one.clearing, one.position) for one in await net_positions(tx, "city")}

    async def rows(self, sql: str, **arguments: object) -> Sequence[tuple[Any, ...]]:
        """Committed rows of a raw query."""
        async with AsyncSession(self.engine) as tx:
            return [tuple(row) for row in await tx.execute(text(sql), arguments)]


def post(key: str, *transfers: Transfer, excess_to: UUID | None = None, occurred_at: datetime = NOON) -> Post:
    """A post of these transfers."""
    return Post(key, transfers, "service", f"visit:{key}", occurred_at, excess_to)


async def found_town(engine: AsyncEngine) -> None:
    """Open the books and accounts, and grant 600 of the 6,000 authorised minutes to Grandma Bai in B."""
    async with AsyncSession(engine) as tx, tx.begin():
        await open_book(tx, "city")
        await open_book(tx, "A", city="city")
        await open_book(tx, "B", city="city")
        await apply(tx, OPENINGS, now=NOON)
    await Town(engine).give(ISSUANCE, BAI_B, 600, key="grant:bai")
