"""The one server that a round of the ledger's benchmark runs on, and what it spends of the processor.

PostgreSQL's processes come and go, so their time is read where it cannot be lost: of the postmaster's ended children
and of those that live.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]  # the wheel carries no types

from marketplace.base.embedded.postgres import Postgres

REAPED_SECONDS = 0.5


class Server:
    """An embedded PostgreSQL with one database per contestant."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def url(self, database: str) -> str:
        """The address of a contestant's database."""
        return self._postgres.url.rsplit("/", 1)[0] + f"/bench_{database}"

    def cpu_seconds(self) -> float:
        """What all of the server's processes spent so far, those that ended included."""
        master = psutil.Process(self._postgres.pid)
        times = master.cpu_times()
        spent = times.user + times.system + times.children_user + times.children_system
        for child in master.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                one = child.cpu_times()
                spent += one.user + one.system
        return float(spent)

    def settled_cpu_seconds(self) -> float:
        """The same a moment after a trial, when its connections' processes have ended and been counted."""
        time.sleep(REAPED_SECONDS)
        return self.cpu_seconds()

    async def create(self, database: str) -> None:
        """Make a contestant's empty database."""
        connection = await asyncpg.connect(self._postgres.url)
        await connection.execute(f"CREATE DATABASE bench_{database}")
        await connection.close()

    async def rest(self) -> None:
        """Write out what rounds before left behind, so that nobody pays for a rival's dirty pages."""
        connection = await asyncpg.connect(self._postgres.url)
        await connection.execute("CHECKPOINT")
        await connection.close()


@contextlib.contextmanager
def server(folder: Path, *, durable: bool) -> Iterator[Server]:
    """A server of its own in `folder`; `durable` as in production, else without waiting for the disk."""
    with Postgres(folder, durable=durable) as postgres:
        yield Server(postgres)
