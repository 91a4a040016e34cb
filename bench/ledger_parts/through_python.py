"""The same transfers said in Python: `timebank.apply` on the driver's connections, all in one event loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import asyncpg
import numpy as np

from bench.ledger_parts.contestants import OURS
from bench.ledger_parts.server import Server
from bench.ledger_parts.trials import Trial
from timebank import Post, Transfer, apply

OCCURRED = datetime(2026, 3, 2, 1, tzinfo=UTC)


def account(number: int) -> UUID:
    """The bench's account of this number."""
    return UUID(f"00000000-0000-4000-8000-{number:012d}")


def a_transfer(chance: Random) -> Post:
    """One minute between two random accounts of one branch."""
    branch = chance.randrange(10)
    source, destination = chance.sample(range(1_000), 2)
    transfer = Transfer(account(source * 10 + branch), account(destination * 10 + branch), 1)
    return Post(str(uuid4()), (transfer,), "service", "visit:1", OCCURRED)


async def drive(server: Server, *, clients: int, seconds: float, commands: int = 1) -> Trial:
    """So many clients, each with `commands` transfers per call and per transaction, for some seconds."""
    latencies: list[float] = []
    before = server.cpu_seconds()
    ends_at = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for seed in range(clients):
            group.create_task(_client(server.url(OURS), Random(seed), ends_at, commands, latencies))
    spent = server.settled_cpu_seconds() - before
    done = len(latencies) * commands
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    name = "python" if commands == 1 else f"python, {commands} a call"
    return Trial(name, clients, done, done / seconds, float(p50), float(p99), spent / done * 1e6)


async def _client(url: str, chance: Random, ends_at: float, commands: int, latencies: list[float]) -> None:
    connection = await asyncpg.connect(url)
    for _ in itertools.count():
        began = time.perf_counter()
        if began >= ends_at:
            break
        await apply(connection, [a_transfer(chance) for _ in range(commands)], now=datetime.now(UTC))
        latencies.append(time.perf_counter() - began)
    await connection.close()
