"""A ledger of a million entries: how long its questions take, how fast it is verified, how much it weighs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.ledger_parts.contestants import ACCOUNTS, OURS
from bench.ledger_parts.server import Server
from bench.ledger_parts.through_python import OCCURRED, account
from timebank import balance, balance_at, statement
from timebank.export import export_lines
from timebank.proof import prove

BATCH = 1_000
DAYS = 365  # over which the entries are spread
# one call's commands are made in the server: what is measured here is reading
FILL = """
SELECT ledger_apply((SELECT jsonb_agg(jsonb_build_object('type', 'post', 'key', gen_random_uuid(), 'kind', 'service',
    'reference', 'visit:' || g, 'excess_to', NULL, 'occurred_at', $3::timestamptz + (g % $4) * interval '1 day',
    'transfers', jsonb_build_array(jsonb_build_object('amount', 1,
      'source', bench_account((g * 7919 % 1000) * 10 + g % 10),
      'destination', bench_account((g * 7919 % 1000 + 1 + g % 997) % 1000 * 10 + (g + g / 7 % 2) % 10)))))
  FROM generate_series($1::bigint, $2::bigint) g), $3::timestamptz + interval '2 years')
"""


@dataclass(frozen=True)
class Large:
    """Milliseconds (median and 99th percentile) by question; postings per second; bytes per transfer."""

    entries: int
    postings: int
    questions: dict[str, tuple[float, float]]
    proof_per_second: float
    verified_per_second: float
    bytes_per_transfer: float


async def fill(server: Server, entries: int, told: Callable[[str], None]) -> None:
    """Bring the ledger to so many entries."""
    connection = await asyncpg.connect(server.url(OURS), command_timeout=600)
    there = await connection.fetchval("SELECT count(*) FROM ledger_entry")
    began = time.perf_counter()
    for first in range(there + 1, entries + 1, BATCH):
        await connection.execute(FILL, first, min(first + BATCH - 1, entries), OCCURRED, DAYS)
        if first // BATCH % 50 == 0:
            told(f"{first:,} of {entries:,} entries, {(first - there) / (time.perf_counter() - began):,.0f} a second")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def measure(server: Server, folder: Path, rounds: int) -> Large:
    """Ask, verify and weigh the ledger as it stands."""
    engine = create_async_engine(server.url(OURS).replace("postgresql://", "postgresql+asyncpg://", 1))
    async with AsyncSession(engine) as tx:
        questions = {name: await _timed(ask, rounds) for name, ask in _questions(tx).items()}
        began = time.perf_counter()
        faults = await prove(tx)
        proof_seconds = time.perf_counter() - began
        export = folder / "export.jsonl"
        with export.open("w") as file:
            async for line in export_lines(tx):
                file.write(line + "\n")
    await engine.dispose()
    connection = await asyncpg.connect(server.url(OURS))
    entries = await connection.fetchval("SELECT count(*) FROM ledger_entry")
    postings = await connection.fetchval("SELECT count(*) FROM ledger_posting")
    weight = await connection.fetchval(
        "SELECT pg_total_relation_size('ledger_entry') + pg_total_relation_size('ledger_posting')"
    )
    await connection.close()
    began = time.perf_counter()
    verified = await asyncio.to_thread(_verify, export)
    if faults or verified:
        raise RuntimeError(f"the books are broken: {faults[:3]} {verified}")
    return Large(
        entries,
        postings,
        questions,
        postings / proof_seconds,
        postings / (time.perf_counter() - began),
        weight / entries,
    )


def _questions(tx: AsyncSession) -> dict[str, Callable[[Random], Awaitable[object]]]:
    def a_day(chance: Random) -> datetime:
        return OCCURRED + timedelta(days=chance.randrange(DAYS))

    async def page(chance: Random) -> object:
        month = a_day(chance)
        return await statement(tx, _one(chance), starts_at=month, ends_at=month + timedelta(days=30))

    return {
        "balance": lambda chance: balance(tx, _one(chance), now=datetime.now(UTC)),
        "a month's statement": page,
        "balance at a time it occurred": lambda chance: balance_at(tx, _one(chance), occurred_before=a_day(chance)),
        "balance as recorded then": lambda chance: balance_at(tx, _one(chance), recorded_before=datetime.now(UTC)),
    }


def _one(chance: Random) -> UUID:
    return account(chance.randrange(ACCOUNTS))


async def _timed(ask: Callable[[Random], Awaitable[object]], rounds: int) -> tuple[float, float]:
    chance, spent = Random(1), []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask(chance)
        spent.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.percentile(spent, [50, 99])
    return float(p50), float(p99)


def _verify(export: Path) -> str:
    """What the outside verifier says; empty if all is whole."""
    command = [sys.executable, "-m", "timebank.verify", str(export)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own program
    return told.stdout + told.stderr if told.returncode else ""
