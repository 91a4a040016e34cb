"""Mixed load for minutes: all kinds of commands on few accounts; deadlocks are counted and the books proven."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.ledger_parts.contestants import OURS
from bench.ledger_parts.server import Server
from bench.ledger_parts.through_python import OCCURRED, account
from timebank import Capture, Command, Hold, LedgerError, Post, Release, Reverse, Transfer, apply
from timebank.proof import prove

FEW = 60  # accounts, over all ten branches


async def mixed_load(server: Server, *, clients: int, seconds: float) -> tuple[Counter[str], int, int]:
    """What was done by kind (refusals by code), the deadlocks that the server counted, the faults of the proof."""
    done: Counter[str] = Counter()
    ends_at = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for seed in range(clients):
            group.create_task(_client(server.url(OURS), Random(seed), ends_at, done))
    connection = await asyncpg.connect(server.url(OURS))
    deadlocks = await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = $1", OURS)
    await connection.close()
    engine = create_async_engine(server.url(OURS).replace("postgresql://", "postgresql+asyncpg://", 1))
    async with AsyncSession(engine) as tx:
        faults = len(await prove(tx))
    await engine.dispose()
    return done, int(deadlocks), faults


async def _client(url: str, chance: Random, ends_at: float, done: Counter[str]) -> None:
    connection = await asyncpg.connect(url)
    while time.perf_counter() < ends_at:
        for commands in _acts(chance):
            try:
                await apply(connection, commands, now=datetime.now(UTC))
                done[type(commands[0]).__name__.lower()] += 1
            except LedgerError as refusal:
                done[refusal.code] += 1
            except asyncpg.DeadlockDetectedError:
                done["deadlock"] += 1
    await connection.close()


def _acts(chance: Random) -> list[list[Command]]:
    """Calls that belong together: a chain of transfers, a hold and its end, an entry and its reversal."""
    one, two, three = (account(number) for number in chance.sample(range(FEW), 3))
    name, soon = str(uuid4()), datetime.now(UTC) + timedelta(minutes=1)
    post = Post(f"{name}:p", (Transfer(one, two, 2), Transfer(three, one, 1)), "service", name, OCCURRED)
    hold = Hold(f"{name}:h", two, 3, soon, name)
    kinds: list[list[list[Command]]] = [
        [[post]],
        [[hold, post], [Capture(f"{name}:c", hold.key, three, OCCURRED, name, amount=chance.randint(1, 3))]],
        [[hold], [Release(f"{name}:r", hold.key), post]],
        [[post], [Reverse(f"{name}:v", post.key, OCCURRED, "mistake")]],
    ]
    return chance.choice(kinds)
