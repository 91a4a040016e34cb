"""`./run bench ledger`: transfers a second and what they cost the server, beside a yardstick and pgledger, in turns.

One embedded PostgreSQL, durable as in production. Every round drives each contestant by pgbench for the same time, one
after the other; figures are medians over the rounds. Then the same through Python, calls of a hundred commands, a hot
account, minutes of mixed load, and a ledger of a million entries. A quick run: --seconds 3 --rounds 1 --entries 20000
--mixed-minutes 0.2. pgledger takes part where its SQL files are given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.ledger_parts import contestants, large
from bench.ledger_parts.contestants import Contestant
from bench.ledger_parts.mixed import mixed_load
from bench.ledger_parts.server import Server, server
from bench.ledger_parts.through_python import drive
from bench.ledger_parts.trials import Trial, middle, run_trial
from bench.peers.machine import machine
from marketplace.base.embedded.binaries import postgres_home

PARTS = ("transfers", "python", "mixed", "large")
COMMANDS = 100  # in one call


@dataclass
class Report:
    """All that was measured."""

    trials: list[Trial] = field(default_factory=list)
    mixed: dict[str, Any] = field(default_factory=dict)
    large: dict[str, Any] = field(default_factory=dict)

    def medians(self) -> dict[tuple[str, int], Trial]:
        """By contestant and number of clients."""
        groups: dict[tuple[str, int], list[Trial]] = {}
        for trial in self.trials:
            groups.setdefault((trial.contestant, trial.clients), []).append(trial)
        return {key: middle(found) for key, found in groups.items()}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./run bench ledger", description=__doc__)
    parser.add_argument("--peer-sql", type=Path, nargs="+", default=[], help="pgledger's SQL files, in order")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=int, default=10, help="of each trial")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixed-minutes", type=float, default=10.0)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large ledger")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--json", action="store_true", help="print all figures as JSON instead of tables")
    asked = parser.parse_args()
    if asked.seconds < 1 or asked.rounds < 1 or asked.mixed_minutes <= 0 or asked.entries < 1_000:
        parser.error("seconds, rounds and minutes are positive, entries at least 1,000")
    return asked


def told(line: str) -> None:
    """Progress, apart from the results."""
    print(line, file=sys.stderr, flush=True)


def starters(asked: argparse.Namespace) -> list[Contestant]:
    """Who is driven by pgbench."""
    ours = contestants.OURS
    found = [
        Contestant(ours, ours, contestants.SAME_BRANCH),
        Contestant(contestants.SPIKE, contestants.SPIKE, contestants.SPIKE_TRANSFER),
        Contestant("liuzhu, as JSON", ours, contestants.AS_JSON),
        Contestant("liuzhu, across branches", ours, contestants.CROSS_BRANCH),
        Contestant("liuzhu, one hot account", ours, contestants.HOT),
    ]
    if asked.peer_sql:
        found.append(Contestant(contestants.PGLEDGER, contestants.PGLEDGER, contestants.PEER_TRANSFER))
    return found


async def race(one: Server, asked: argparse.Namespace, report: Report) -> None:
    """All contestants in alternating rounds, and in each round the same through Python."""
    for clients in asked.clients:
        for turn in range(asked.rounds):
            for contestant in starters(asked) if "transfers" in asked.only else []:
                await one.rest()
                report.trials.append(run_trial(one, contestant, clients=clients, seconds=asked.seconds))
                told(f"round {turn + 1}  {line_of(report.trials[-1])}")
            for commands in (1, COMMANDS) if "python" in asked.only else ():
                await one.rest()
                report.trials.append(await drive(one, clients=clients, seconds=asked.seconds, commands=commands))
                told(f"round {turn + 1}  {line_of(report.trials[-1])}")


def line_of(trial: Trial) -> str:
    """A trial in a line."""
    return (
        f"{trial.contestant:<24} {trial.clients:>3} clients  {trial.per_second:>8,.0f}/s  p50 {trial.p50_ms:.2f} ms"
        f"  p99 {trial.p99_ms:.2f} ms  server {trial.server_us:.0f} us"
    )


async def measured(one: Server, asked: argparse.Namespace, folder: Path) -> Report:
    """Everything that was asked for, in order."""
    report = Report()
    await contestants.prepare_ours(one)
    await contestants.prepare_spike(one)
    if asked.peer_sql:
        await contestants.prepare_pgledger(one, asked.peer_sql)
    await race(one, asked, report)
    if "mixed" in asked.only:
        told(f"mixed load for {asked.mixed_minutes} minutes")
        done, deadlocks, faults = await mixed_load(one, clients=16, seconds=asked.mixed_minutes * 60)
        report.mixed = {"done": dict(done), "deadlocks": deadlocks, "faults": faults}
    if "large" in asked.only:
        await large.fill(one, asked.entries, told)
        report.large = asdict(await large.measure(one, folder, rounds=500))
    return report


def tables(report: Report) -> list[str]:
    """Markdown."""
    medians = report.medians()
    lines = [
        "| | clients | transfers/s | to the yardstick | p50 ms | p99 ms | server us per transfer |",
        "|---" * 7 + "|",
    ]
    for (name, clients), trial in sorted(medians.items(), key=lambda item: (item[0][1], item[0][0])):
        yardstick = medians.get((contestants.SPIKE, clients))
        ratio = f"{trial.per_second / yardstick.per_second:.2f}" if yardstick else ""
        figures = (ratio, f"{trial.p50_ms:.2f}", f"{trial.p99_ms:.2f}", f"{trial.server_us:.0f}")
        lines.append(f"| {name} | {clients} | {trial.per_second:,.0f} | " + " | ".join(figures) + " |")
    if report.mixed:
        lines += ["", f"mixed load: {report.mixed}"]
    if report.large:
        lines += ["", *(f"{name}: {value}" for name, value in report.large.items())]
    return lines


def version() -> str:
    """Of the server that was measured."""
    binary = str(postgres_home(None) / "bin" / "postgres")
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  # our own binary


def main() -> int:
    """Measure."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="liuzhu-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # a server that root starts runs as nobody
        with server(folder, durable=True) as one:
            report = asyncio.run(measured(one, asked, folder))
    stated = {**machine(), "server": version()}
    if asked.json:
        print(json.dumps({"machine": stated, **asdict(report)}, indent=2))
    else:
        print("\n".join([*tables(report), "", "; ".join(f"{key}: {value}" for key, value in stated.items())]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
