"""`./run bench large`: days of 1,000, 5,000 and 20,000 tasks of one density, by the command line, as anybody runs it.

A day of n tasks takes the n/20,000 of the city's doors nearest to its middle, so the area grows with the number of
tasks and a caregiver's neighbours are as near on each. Wall time counts everything: starting, reading, planning,
checking, writing. A quick run: --tasks 1000 --seconds 20.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the wheel carries no types

from bench.city_day import city_day
from bench.peers.machine import machine
from dispatch import Plan, Problem, check, dump_problem, parse_plan
from dispatch.document import to_json

WHOLE_CITY = 20_000  # tasks that lie as densely on the whole city as n on their share of it
LIMITS = {1_000: 60.0, 5_000: 120.0, 20_000: 275.0}  # seconds of wall time; 25 of five minutes for files and starting
SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Outcome:
    """A day as planned. `peak_megabytes` is of all processes together, `cost` without what was left out."""

    tasks: int
    seed: int
    served: int
    cost: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: int
    rounds: int
    broken: int


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./run bench large", description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=list(LIMITS))
    parser.add_argument("--seconds", type=float, help="limit of the search; default 60, 120, 275 by size")
    parser.add_argument("--seeds", type=int, default=1, help="each seed is another day")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pieces", type=int, help="tasks per piece; default as the engine chooses")
    parser.add_argument("--json", action="store_true", help="print every result as JSON instead of the table")
    return parser.parse_args()


def planned(day: Problem, asked: argparse.Namespace, seed: int) -> Outcome:
    """Plan one day by the command line. Raises CalledProcessError if that fails."""
    count = len(day.tasks)
    seconds = asked.seconds or LIMITS.get(count, 120.0)
    with tempfile.TemporaryDirectory(prefix="liuzhu-large-") as folder:
        document, answer, told = (Path(folder) / name for name in ("day.json", "plan.json", "told.txt"))
        document.write_text(to_json(dump_problem(day)), encoding="utf-8")
        command = [
            sys.executable, "-m", "dispatch", "solve", str(document), "-o", str(answer), "--seconds", str(seconds),
            "--seed", str(seed), "--workers", str(asked.workers),
        ]  # fmt: skip
        if asked.pieces is not None:
            command += ["--pieces", str(asked.pieces)]
        began = time.monotonic()
        with told.open("w", encoding="utf-8") as lines, subprocess.Popen(command, stderr=lines) as child:  # noqa: S603  # our own
            cpu, peak = watched(child)
        wall, said = time.monotonic() - began, told.read_text("utf-8")
        if child.returncode != 0:
            raise subprocess.CalledProcessError(child.returncode, command, stderr=said)
        plan = parse_plan(answer.read_bytes())
    rounds = len(re.findall("border round", said))
    return outcome_of(day, plan, seed, wall=wall, cpu=cpu, peak=peak, rounds=rounds)


def watched(child: subprocess.Popen[bytes]) -> tuple[float, int]:
    """CPU seconds and the greatest resident memory, in MB, of a process and its children, until it ends."""
    root, peak = psutil.Process(child.pid), 0
    cpu: dict[int, float] = {}
    while child.poll() is None:
        resident = 0
        for process in [root, *_children(root)]:
            try:
                resident += process.memory_info().rss
                used = process.cpu_times()
                cpu[process.pid] = used.user + used.system
            except psutil.Error:  # it has just ended
                continue
        peak = max(peak, resident)
        time.sleep(SAMPLE_SECONDS)
    return sum(cpu.values()), peak >> 20


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return list(root.children(recursive=True))
    except psutil.Error:
        return []


def outcome_of(day: Problem, plan: Plan, seed: int, *, wall: float, cpu: float, peak: int, rounds: int) -> Outcome:
    """The figures of a plan, judged here again."""
    served = len(day.tasks) - len(plan.unassigned)
    cost = plan.cost["total"] - plan.cost["unserved"]
    return Outcome(len(day.tasks), seed, served, cost, wall, cpu, peak, rounds, len(check(day, plan)))


def table_of(outcomes: list[Outcome]) -> list[str]:
    """Markdown, a line per day."""
    head = ("tasks", "seed", "served", "cost per task served", "wall s", "CPU s", "peak MB", "border rounds", "breaks")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [
        f"| {one.tasks} | {one.seed} | {one.served / one.tasks:.2%} | {one.cost / max(1, one.served):.1f} "
        f"| {one.wall_seconds:.0f} | {one.cpu_seconds:.0f} | {one.peak_megabytes} | {one.rounds} | {one.broken} |"
        for one in outcomes
    ]
    return lines


def main() -> int:
    """Plan the days one after another."""
    asked = arguments()
    outcomes = []
    for tasks in asked.tasks:
        for seed in range(1, asked.seeds + 1):
            day = city_day(tasks, seed=seed, share=min(1.0, tasks / WHOLE_CITY))
            try:
                outcomes.append(planned(day, asked, seed))
            except subprocess.CalledProcessError as error:
                print(f"{tasks} tasks, seed {seed}: failed with {error.returncode}\n{error.stderr}", file=sys.stderr)
                return 1
            print(json.dumps(asdict(outcomes[-1])), file=sys.stderr, flush=True)
    about = machine()
    if asked.json:
        print(json.dumps({"about": about, "results": [asdict(one) for one in outcomes]}, indent=2))
    else:
        print("\n".join(table_of(outcomes)))
        print("\n" + "; ".join(f"{name}: {value}" for name, value in about.items()))
    return 1 if any(one.broken for one in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
