"""One trial: pgbench drives a contestant for some seconds; transfers, latencies and the server's time are read."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.ledger_parts.contestants import Contestant
from bench.ledger_parts.server import Server
from marketplace.base.embedded.binaries import postgres_home


@dataclass(frozen=True)
class Trial:
    """What one contestant did in one round."""

    contestant: str
    clients: int
    transfers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server_us: float  # of the processor, per transfer


def run_trial(server: Server, contestant: Contestant, *, clients: int, seconds: int) -> Trial:
    """Drive the contestant with prepared statements, one transfer per transaction. RuntimeError if any fails."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "transfer.sql"
        script.write_text(contestant.script)
        before = server.cpu_seconds()
        command = [
            *(str(postgres_home(None) / "bin" / "pgbench"), "--no-vacuum", "--protocol=prepared", "--log"),
            *(f"--log-prefix={folder}/log", f"--client={clients}", "--jobs=1", f"--time={seconds}"),
            *(f"--file={script}", server.url(contestant.database)),
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
        spent = server.settled_cpu_seconds() - before
        if told.returncode:
            raise RuntimeError(f"{contestant.name}: {told.stderr[:400]}")
        latencies = np.concatenate([np.loadtxt(log, usecols=2, ndmin=1) for log in Path(folder).glob("log*")])
    p50, p99 = np.percentile(latencies, [50, 99]) / 1000
    done = len(latencies)
    return Trial(contestant.name, clients, done, done / seconds, float(p50), float(p99), spent / done * 1e6)


def middle(trials: Sequence[Trial]) -> Trial:
    """The median of every figure over the rounds of one contestant with so many clients."""
    first = trials[0]
    figures = {
        name: median(getattr(trial, name) for trial in trials)
        for name in ("per_second", "p50_ms", "p99_ms", "server_us")
    }
    return Trial(first.contestant, first.clients, sum(trial.transfers for trial in trials), **figures)
