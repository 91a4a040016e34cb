"""Several seeds at once, each in a process of its own; the cheapest plan wins."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.solve import Progress, solve


def solve_in_parallel(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    workers: int,
    iterations: int | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Plan:
    """The cheapest of `workers` plans, from seeds seed, seed + 1, …; ties go to the lowest. `clock` as in `solve`."""
    if workers < 2:
        return solve(
            problem,
            seed=seed,
            time_limit_seconds=time_limit_seconds,
            iterations=iterations,
            progress=progress,
            clock=clock,
        )
    context = multiprocessing.get_context("spawn")  # a forked solver would share locks with its parent
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting = [
            pool.submit(
                solve,
                problem,
                seed=seed + k,
                time_limit_seconds=time_limit_seconds,
                iterations=iterations,
                clock=clock,
            )
            for k in range(workers)
        ]
        plans = [future.result() for future in waiting]
    best = min(plans, key=lambda plan: (plan.cost["total"], plan.seed))
    if progress is not None:
        progress(f"best of {workers} seeds: {best.seed}", best.seconds)
    return best
