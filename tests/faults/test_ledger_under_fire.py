"""Processes die under the ledger's load: PostgreSQL, a client in its transaction, the worker that credits hours.

What was acknowledged is there, what was not is there once after its retry, and the proof passes.
"""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from marketplace.base.clock import FileClock
from marketplace.base.database import transaction
from marketplace.base.embedded.postgres import Postgres
from marketplace.base.migrations import migrate
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove as prove_hours
from marketplace.hours.models import Task
from marketplace.hours.tasks.grabbing import grab
from marketplace.visits.attendance.approval import approve
from tests.marketplace.hours.builders import (
    SYSTEM,
    TEN,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    balances,
    report,
    visit_of,
)
from tests.timebank.town import BAI_B, HOUR, NOON, VERA_A, WANG_B, Town, found_town, post
from timebank import Capture, Command, Hold, LedgerError, Transfer, apply
from timebank.proof import prove

ROOT = Path(__file__).parents[2]
CLIENTS, CALLS, DEATHS = 6, 40, 3


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server whose acknowledged transactions must survive its death, with the small town in it."""

    async def build(url: str) -> None:
        await migrate(url)
        engine = create_async_engine(url)
        await found_town(engine)
        await engine.dispose()

    with Postgres(tmp_path_factory.mktemp("durable")) as server:
        asyncio.run(build(server.url.replace("postgresql://", "postgresql+asyncpg://", 1)))
        yield server


@asynccontextmanager
async def connected(server: Postgres) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(server.url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=CLIENTS + 2)
    yield engine
    await engine.dispose()


class Client:
    """Sends one call after the other, each until it is acknowledged, and remembers what was."""

    def __init__(self, engine: AsyncEngine, number: int) -> None:
        self.engine, self.number = engine, number
        self.chance = Random(f"client {number}")
        self.acknowledged: list[tuple[Command, ...]] = []
        self.retries = 0

    def call(self, step: int) -> tuple[Command, ...]:
        """A transfer there and back, or a hold and its capture, always of what is there."""
        name, minutes = f"fire:{self.number}:{step}", self.chance.randint(1, 3)
        if step % 2:
            there = Transfer(BAI_B, VERA_A, minutes)
            return (post(name, there, Transfer(VERA_A, BAI_B, minutes)),)
        hold = Hold(f"{name}:hold", BAI_B, minutes, NOON + HOUR, name)
        return hold, Capture(name, hold.key, WANG_B, NOON, name, amount=1)

    async def work(self) -> None:
        for step in range(CALLS):
            await self.until_acknowledged(self.call(step))

    async def until_acknowledged(self, commands: tuple[Command, ...]) -> None:
        for _attempt in range(600):
            try:
                async with AsyncSession(self.engine) as tx, tx.begin():
                    await apply(tx, commands, now=NOON)
            except LedgerError:
                raise
            except (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self.retries += 1
                await asyncio.sleep(0.05)
            else:
                self.acknowledged.append(commands)
                return
        raise AssertionError("the server did not come back")


async def test_killing_postgresql_under_ledger_load_loses_no_acknowledged_entry_and_doubles_none(
    durable: Postgres,
) -> None:
    async with connected(durable) as engine:
        clients = [Client(engine, number) for number in range(CLIENTS)]
        working = asyncio.gather(*(client.work() for client in clients))
        for death in range(1, DEATHS + 1):
            while sum(len(one.acknowledged) for one in clients) < death * CLIENTS * CALLS // (DEATHS + 1):  # noqa: ASYNC110 - the lists fill from several tasks
                await asyncio.sleep(0.01)
            durable.kill()
            durable.start()
        await working
        assert sum(client.retries for client in clients) >= DEATHS  # the deaths hit calls under way
        town = Town(engine)
        keys = [command.key for client in clients for call in client.acknowledged for command in call]
        assert len(keys) == len(set(keys)) == CLIENTS * CALLS * 3 // 2
        rows = await town.rows(
            "SELECT key FROM ledger_entry WHERE key LIKE 'fire:%' UNION ALL"
            " SELECT key FROM ledger_command WHERE key LIKE 'fire:%'"
        )
        assert sorted(key for [key] in rows) == sorted(keys)
        # each capture paid one minute to Wang, the rest went there and back
        assert await town.posted(BAI_B, VERA_A, WANG_B) == [600 - CLIENTS * CALLS // 2, 0, CLIENTS * CALLS // 2]
        assert (await town.account(BAI_B)).held == 0
        async with town.begin() as tx:
            assert await prove(tx) == []


DYING = """
import asyncio, sys
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from tests.timebank.town import BAI_B, NOON, VERA_A, post
from timebank import Transfer, apply

async def main():
    engine = create_async_engine(sys.argv[1])
    async with AsyncSession(engine) as tx, tx.begin():
        await apply(tx, [post("dying", Transfer(BAI_B, VERA_A, 7))], now=NOON)
        print("applied", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_client_killed_in_its_transaction_writes_nothing_and_keeps_nobody_waiting(durable: Postgres) -> None:
    async with connected(durable) as engine:
        town = Town(engine)
        before = await town.posted(BAI_B, VERA_A)
        program = [sys.executable, "-c", DYING, engine.url.render_as_string(hide_password=False)]
        with await asyncio.to_thread(subprocess.Popen, program, cwd=ROOT, stdout=subprocess.PIPE) as client:
            assert client.stdout is not None
            assert await asyncio.to_thread(client.stdout.readline) == b"applied\n"
            waiting = asyncio.create_task(town.give(BAI_B, VERA_A, 5, key="waiting"))
            done, _ = await asyncio.wait({waiting}, timeout=0.3)
            assert not done  # the dying one has the accounts
            os.kill(client.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            await waiting
        assert await town.posted(BAI_B, VERA_A) == [before[0] - 5, before[1] + 5]
        assert await town.rows("SELECT 1 FROM ledger_entry WHERE key = 'dying'") == []
        retried = await town.do(post("dying", Transfer(BAI_B, VERA_A, 7)))
        assert not retried[0].repeated
        async with town.begin() as tx:
            assert await prove(tx) == []


TASKS = 16


async def approved_tasks(platform: Platform) -> tuple[list[Task], Person]:
    """Served and approved tasks of an elder with minutes; their credits wait in the outbox."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=TASKS * 10)
        volunteer = await a_person(platform, tx, bank, district=1)
    tasks = []
    for number in range(TASKS):
        start = TEN + timedelta(minutes=20 * number)
        async with transaction(platform.db) as tx:
            task = await a_task(platform, tx, elder, minutes=10, start=start)
        async with transaction(platform.db) as tx:
            await grab(tx, task.id, actor=volunteer.actor, rules=platform.policy.timebank, now=platform.now())
        await report(platform, task, volunteer, "in", start)
        await report(platform, task, volunteer, "out", start + timedelta(minutes=10))
        async with transaction(platform.db) as tx:
            visit = await visit_of(tx, task)
            await approve(tx, visit.id, actor=SYSTEM, now=platform.now(), reason="seen")
        tasks.append(task)
    return tasks, volunteer


async def count(platform: Platform, sql: str) -> int:
    async with transaction(platform.db) as tx:
        return int(await tx.scalar(text(sql)) or 0)


@asynccontextmanager
async def worker(environment: dict[str, str]) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """The program's worker; killed at the end if it still runs."""
    program = [sys.executable, "-P", "-m", "marketplace.cli", "worker"]
    running = await asyncio.to_thread(
        subprocess.Popen, program, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.kill()
        await asyncio.to_thread(running.wait)


async def until(platform: Platform, sql: str, least: int) -> None:
    async with asyncio.timeout(90):
        while await count(platform, sql) < least:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.005)


async def test_killing_the_worker_while_it_credits_hours_credits_each_task_once(platform: Platform) -> None:
    tasks, volunteer = await approved_tasks(platform)
    hand = platform.settings.data / "clock"
    FileClock(hand).set(platform.now())
    settings = dataclasses.replace(platform.settings, clock_file=hand, lease_seconds=2.0)
    environment = {**os.environ, **settings.environment()}
    credited = "SELECT count(*) FROM task WHERE state = 'credited'"
    entries = "SELECT count(*) FROM ledger_entry WHERE key LIKE 'task:%credit'"
    async with worker(environment) as running:
        await until(platform, entries, TASKS // 4)
        os.kill(running.pid, signal.SIGKILL)
    assert await count(platform, credited) < TASKS  # it died with credits under way
    async with worker(environment):
        await until(platform, credited, TASKS)
        await until(platform, "SELECT count(*) = 0 FROM delivery WHERE state = 'pending'", 1)
    assert await count(platform, entries) == len(tasks)
    assert await balances(platform, volunteer.account) == [(TASKS * 10, 0)]
    async with transaction(platform.db) as tx:
        assert await prove_hours(tx) == []
