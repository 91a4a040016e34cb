"""`./run simulate ledger`: long histories, each from its seed; 1 and the shortest failing steps when one diverges."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.timebank.simulation.course import Course, Divergence, play, replay
from tests.timebank.simulation.report import Figures, Teller, as_python, refusals, told
from tests.timebank.simulation.shrinking import shortest_prefix, shrink
from tests.timebank.simulation.stage import Stage, stage
from tests.timebank.simulation.steps import Step

DEATHS_OF_THE_SERVER = 10  # in one history


async def history(standing: Stage, seed: int, count: int) -> tuple[Course, float]:
    """One history, with its seconds."""
    teller = Teller(seed, count)
    deaths = max(500, count // DEATHS_OF_THE_SERVER)
    async with standing.world() as world:
        with teller.showing():
            course = await play(world, seed, count, deaths_of_the_server=deaths, proofs=20, tell=teller.tell)
    return course, time.monotonic() - teller.began


async def needed(standing: Stage, course: Course) -> tuple[list[Step], Divergence]:
    """The steps that it takes to diverge, and how they do."""
    sys.stderr.write("looking for the shortest failing steps …\n")
    async with standing.world() as world:

        async def fails(steps: Sequence[Step]) -> Divergence | None:
            return (await replay(world, steps)).divergence

        steps = await shrink(fails, await shortest_prefix(fails, course))
        divergence = await fails(steps)
    if divergence is None:
        raise AssertionError("the steps failed before")
    return steps, divergence


async def run(standing: Stage, seed: int, count: int) -> dict[str, Any]:
    """One history's report."""
    course, seconds = await history(standing, seed, count)
    report = {"seed": seed, **Figures(course, seconds).document()}
    if course.divergence is not None:
        sys.stderr.write(told(course.divergence, f"seed {seed}") + "\n")
        steps, divergence = await needed(standing, course)
        report |= {"divergence": told(course.divergence, f"seed {seed}"), "python": as_python(steps, divergence)}
    return report


def show(report: dict[str, Any]) -> None:
    """A history's report for a person."""
    figures = {name: value for name, value in report.items() if isinstance(value, int | float)}
    sys.stdout.write(", ".join(f"{name} {value}" for name, value in figures.items()) + "\n")
    sys.stdout.write(f"  crashes: {refusals(report['crashes'])}\n  refusals: {refusals(report['refusals'])}\n")
    if "python" in report:
        sys.stdout.write(f"{report['divergence']}\n\n{report['python']}")
    else:
        sys.stdout.write("  ledger and oracle agree, the proof is empty\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """0: every history agrees. 1: one diverges."""
    parser = argparse.ArgumentParser(prog="./run simulate ledger", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="steps of each history (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first history's seed (default: 1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many histories, by seeds one after the other")
    parser.add_argument("--json", action="store_true", help="the figures as JSON, one line per history")
    asked = parser.parse_args(arguments)
    if asked.steps < 1 or asked.seeds < 1:
        parser.error("at least one step and one seed")
    failed = False
    with tempfile.TemporaryDirectory(prefix="liuzhu-simulation-") as data, stage(Path(data) / "postgres") as standing:
        for seed in range(asked.seed, asked.seed + asked.seeds):
            report = asyncio.run(run(standing, seed, asked.steps))
            failed |= "divergence" in report
            if asked.json:
                sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
                sys.stdout.flush()
            else:
                show(report)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
