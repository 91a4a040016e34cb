"""The real ledger, acted on step by step: transactions, crashes in the midst of them, and what is committed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from tests.timebank.simulation.steps import (
    BookCloses,
    BookOpens,
    Call,
    Closing,
    Crash,
    Moment,
    Night,
    Root,
    Snapshot,
    Step,
    Sweeping,
)
from timebank import (
    Command,
    Cycle,
    LedgerError,
    Result,
    apply,
    close_book,
    close_period,
    open_book,
    run_cycle,
    sweep,
    take_snapshot,
)
from timebank.audit import make_root

Answer = Sequence[Result] | Cycle | bytes | int | None
BROKEN = (DBAPIError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger did with a step: a refusal's code, or its answer."""

    code: str | None = None
    answer: Answer = None


def with_driver(url: str) -> str:
    """The address for SQLAlchemy."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


class World:
    """One database with a ledger. `address` tells where it is (after the server's restart, again); `kill` kills the
    server and starts it anew."""

    def __init__(self, address: Callable[[], str], kill: Callable[[], None] | None = None) -> None:
        self._address = address
        self._kill = kill
        self.engine: AsyncEngine
        self._mortal: AsyncEngine
        self.eye: asyncpg.Connection

    async def open(self) -> None:
        """Connect."""
        self.engine = create_async_engine(with_driver(self._address()), pool_size=1)
        self._mortal = create_async_engine(with_driver(self._address()), poolclass=NullPool)
        self.eye = await asyncpg.connect(self._address())

    async def close(self) -> None:
        """Disconnect."""
        with suppress(*BROKEN):
            await self.eye.close(timeout=5)
        await self.engine.dispose()
        await self._mortal.dispose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction, committed at the end."""
        async with AsyncSession(self.engine) as tx, tx.begin():
            yield tx

    async def play(self, step: Step) -> Outcome:
        """Do the step and commit it."""
        try:
            if isinstance(step, Crash):
                await self.crash(step)
                return Outcome(answer=await self.apply(step.commands, step.now))
            return Outcome(answer=await self.act(step))
        except LedgerError as refusal:
            return Outcome(code=refusal.code)
        except DBAPIError as error:  # no refusal of the ledger's: the oracle expects none of these
            return Outcome(code=f"database error {getattr(error.orig, 'sqlstate', None)}: {error.orig}")

    async def apply(self, commands: Sequence[Command], now: datetime) -> list[Result]:
        """One committed call."""
        async with self.begin() as tx:
            return await apply(tx, commands, now=now)

    async def act(self, step: Step) -> Answer:
        """One committed transaction."""
        async with self.begin() as tx:
            match step:
                case Call():
                    return await apply(tx, step.commands, now=step.now)
                case Night():
                    return await run_cycle(
                        tx, step.city, unit=step.unit, on_day=step.on_day, caps=step.caps, now=step.now
                    )
                case Closing():
                    await close_period(tx, step.book, starts_at=step.starts_at, ends_at=step.ends_at, now=step.now)
                case Sweeping():
                    return await sweep(tx, now=step.now, limit=step.limit)
                case Snapshot():
                    return await take_snapshot(tx)
                case Root():
                    return await make_root(tx, on_day=step.on_day)
                case BookOpens():
                    await open_book(tx, step.book, city=step.city)
                case BookCloses():
                    await close_book(tx, step.book)
                case Crash():
                    raise AssertionError("a crash is no transaction")
        return None

    async def crash(self, step: Crash) -> None:
        """Begin the call and die at the step's moment. A refusal before that moment is a refusal."""
        tx = AsyncSession(self._mortal)
        try:
            await self._die(tx, step)
        finally:
            with suppress(*BROKEN):
                await tx.invalidate()
            with suppress(*BROKEN):
                await tx.close()

    async def _die(self, tx: AsyncSession, step: Crash) -> None:
        connection = await (await tx.connection()).get_raw_connection()
        driver: Any = connection.driver_connection
        if step.moment is Moment.SERVER_DIES:
            await self._server_dies(tx, step)
            return
        if step.moment is Moment.DURING_CALL:
            calling = asyncio.create_task(apply(tx, step.commands, now=step.now))
            await asyncio.sleep(0.0005)
            driver.terminate()
            await asyncio.wait({calling})
            calling.exception()  # whatever it was: the retry tells
            return
        await apply(tx, step.commands, now=step.now)
        if step.moment is Moment.BEFORE_COMMIT:
            await self.eye.execute("SELECT pg_terminate_backend($1, 5000)", driver.get_server_pid())
        elif step.moment is Moment.DURING_COMMIT:
            committing = asyncio.create_task(driver.execute("COMMIT"))
            await asyncio.sleep(0)
            driver.terminate()
            await asyncio.wait({committing})
            committing.exception()
        else:
            await tx.commit()

    async def _server_dies(self, tx: AsyncSession, step: Crash) -> None:
        if self._kill is None:
            raise AssertionError("this world's server is not to be killed")

        async def call() -> None:
            await apply(tx, step.commands, now=step.now)
            await tx.commit()

        calling = asyncio.create_task(call())
        await asyncio.sleep(0.001)
        self._kill()  # in this thread: a server started by another one would outlive us if we were killed
        await asyncio.wait({calling})
        calling.exception()
        await self.close()
        await self.open()

    async def rows(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Committed rows."""
        return [tuple(row) for row in await self.eye.fetch(sql, *arguments)]

    async def accounts(self, accounts: Sequence[UUID] | None) -> dict[UUID, tuple[Any, ...]]:
        """The accounts' rows as committed: posted, held, owed, version, floor, cap, closed."""
        sql = "SELECT id, posted, held, owed, version, floor, cap, state = 'closed' FROM ledger_account"
        found = await (self.rows(sql) if accounts is None else self.rows(f"{sql} WHERE id = ANY($1)", list(accounts)))
        return {row[0]: row[1:] for row in found}
