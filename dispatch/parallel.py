"""Several seeds at once, each in a process of its own; the cheapest plan wins."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from dispatch.pieces import Stop, by_pieces, piece_size
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.refine import Clock, Progress
from dispatch.solve import solve


def solve_in_parallel(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    workers: int,
    iterations: int | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    pieces: int | None = None,
    stop: Stop | None = None,
) -> Plan:
    """The cheapest of `workers` plans, from seeds seed, seed + 1, …; ties go to the lowest. The pieces of a large day
    are shared out instead, and only these are ended by `stop`. `clock` and `pieces` as in `solve`."""
    if size := piece_size(problem, pieces):
        return by_pieces(
            problem,
            Clock(time_limit_seconds, clock),
            size=size,
            seed=seed,
            iterations=iterations,
            workers=workers,
            progress=progress,
            stop=stop,
        )
    if workers < 2:
        return solve(
            problem,
            seed=seed,
            time_limit_seconds=time_limit_seconds,
            iterations=iterations,
            progress=progress,
            clock=clock,
            pieces=0,
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
                pieces=0,
            )
            for k in range(workers)
        ]
        plans = [future.result() for future in waiting]
    best = min(plans, key=lambda plan: (plan.cost["total"], plan.seed))
    if progress is not None:
        progress(f"best of {workers} seeds: {best.seed}", best.seconds)
    return best
