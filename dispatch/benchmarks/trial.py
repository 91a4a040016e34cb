"""One instance, one seed, one process: `python -m dispatch.benchmarks.trial` solves, writes, judges and prints
a line of JSON. The limit is CPU time where the engine takes a clock, so that a busy machine changes nothing.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dispatch.benchmarks.errors import BadFile
from dispatch.benchmarks.families import FAMILIES
from dispatch.errors import EngineFault
from dispatch.parallel import solve_in_parallel
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.search.warm import warm_up
from dispatch.solving import solve


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a trial. `faults` are broken rules; `error` says why there is no solution at all."""

    instance: str
    seed: int
    cost: float = 0.0
    vehicles: int = 0
    faults: tuple[str, ...] = ()
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    iterations: int = 0
    error: str = ""

    @property
    def feasible(self) -> bool:
        """Whether there is a solution that breaks no rule."""
        return not (self.error or self.faults)


def pin(cores: tuple[int, ...]) -> None:
    """Keep this process on these cores, where the system can."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def cpu_clock(solver: Callable[..., Plan]) -> dict[str, Any]:
    """The keyword that makes a solver count CPU seconds; none for one that has no clock to choose."""
    return {"clock": time.process_time} if "clock" in inspect.signature(solver).parameters else {}


def planned(problem: Problem, *, seed: int, seconds: float, workers: int, iterations: int | None) -> Plan:
    """The engine's plan within a limit of CPU seconds per worker."""
    if workers == 1:
        return solve(problem, seed=seed, time_limit_seconds=seconds, iterations=iterations, **cpu_clock(solve))
    return solve_in_parallel(
        problem, seed=seed, time_limit_seconds=seconds, workers=workers, iterations=iterations,
        **cpu_clock(solve_in_parallel),
    )  # fmt: skip


def run_trial(
    family: str, path: Path, *, seed: int, seconds: float, workers: int, iterations: int | None, solution: Path
) -> Result:
    """Solve an instance, write its solution to a file and judge that file. Raises BadInstance."""
    kind = FAMILIES[family]
    instance = kind.read(path)
    problem = kind.problem(instance)
    warm_up()  # loading the compiled search is not part of the limit, as loading a peer's library is not of its
    began_wall, began_cpu = time.monotonic(), cpu_seconds()
    try:
        plan = planned(problem, seed=seed, seconds=seconds, workers=workers, iterations=iterations)
    except EngineFault as error:
        return Result(path.stem, seed, error=f"the engine withheld its plan: {error}")
    cpu, wall = cpu_seconds() - began_cpu, time.monotonic() - began_wall
    solution.write_text(kind.text(instance, plan), encoding="ascii")
    score = kind.judge(instance, solution.read_text("ascii"), solution.name)
    return Result(
        path.stem, seed, score.cost, score.vehicles, score.faults,
        cpu_seconds=round(cpu, 3), wall_seconds=round(wall, 3), iterations=plan.iterations,
    )  # fmt: skip


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(arguments: list[str] | None = None) -> int:
    """Run the trial that the arguments describe."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.benchmarks.trial")
    parser.add_argument("family", choices=sorted(FAMILIES))
    parser.add_argument("instance", type=Path)
    parser.add_argument("solution", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--cores", type=lambda text: tuple(int(core) for core in text.split(",") if core), default=())
    asked = parser.parse_args(arguments)
    pin(asked.cores)
    try:
        result = run_trial(
            asked.family, asked.instance, seed=asked.seed, seconds=asked.seconds, workers=asked.workers,
            iterations=asked.iterations, solution=asked.solution,
        )  # fmt: skip
    except BadFile as error:
        result = Result(asked.instance.stem, asked.seed, error=str(error))
    sys.stdout.write(json.dumps(asdict(result), allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
