"""Several seeds at once, each in a process of its own; they tell one another of their best, and the cheapest plan wins.

The processes hear no signal: they ask an event, which the parent sets, whether to stop, and tell figures by a queue.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from queue import Empty
from typing import Any

from dispatch.mates import Mates, inboxes
from dispatch.pieces import by_pieces, piece_size
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.processes import Processes, killed
from dispatch.progress import Progress, Told
from dispatch.refine import limited
from dispatch.solving import solve
from dispatch.stopping import Stop

LEAST_SECONDS = 1.0  # of a search in this process after the others were killed
LISTENING_SECONDS = 0.1  # how often the parent looks for figures and whether to stop


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
    told: Told | None = None,
    stop: Stop | None = None,
) -> Plan:
    """The cheapest of `workers` plans, from seeds seed, seed + 1, …; ties go to the lowest. The pieces of a large day
    are shared out instead. `clock`, `pieces`, `told` (the best of all so far) and `stop` as in `solve`. If one of the
    processes is killed, this one goes on alone; if this one is interrupted, it kills them."""
    if size := piece_size(problem, pieces):
        limit = limited(time_limit_seconds, clock)
        return by_pieces(
            problem, limit, size=size, seed=seed, iterations=iterations, workers=workers,
            progress=progress, told=told, stop=stop,
        )  # fmt: skip
    limits: dict[str, Any] = {"time_limit_seconds": time_limit_seconds, "iterations": iterations, "clock": clock}
    limits["pieces"] = 0
    if workers < 2:
        return solve(problem, seed=seed, progress=progress, told=told, stop=stop, **limits)
    began, context = time.monotonic(), multiprocessing.get_context("spawn")
    figures = context.Queue()
    boxes = inboxes(context, workers) if iterations is None else []  # counted searches are to give the same plan again
    processes = Processes(workers, _begin, figures, boxes)
    try:
        seeds = range(seed, seed + workers)
        waiting = [
            processes.pool.submit(_solve, problem, number, seed=one, **limits) for number, one in enumerate(seeds)
        ]
        _listen(waiting, figures, processes.ended, told, stop)
        plans = [future.result() for future in waiting if not killed(future)]
    except BrokenProcessPool:
        plans = []
    finally:
        processes.kill()
    if not plans:
        if progress is not None:
            progress("a process was killed: searching on in this one", time.monotonic() - began)
        limits["time_limit_seconds"] = max(LEAST_SECONDS, time_limit_seconds - (time.monotonic() - began))
        return solve(problem, seed=seed, progress=progress, told=told, stop=stop, **limits)
    best = min(plans, key=lambda plan: (plan.cost["total"], plan.seed))
    if progress is not None:
        progress(f"best of {len(plans)} seeds: {best.seed}", best.seconds)
    return best


def _listen(waiting: list[Future[Plan]], figures: Any, ended: Event, told: Told | None, stop: Stop | None) -> None:
    """Pass on figures and the wish to stop until all are done."""
    best: dict[int, tuple[int, int]] = {}
    while True:
        done = not wait(waiting, timeout=LISTENING_SECONDS).not_done
        if stop is not None and stop():
            ended.set()
        try:
            while True:
                seed, seconds, cost, unserved = figures.get_nowait()
                best[seed] = (cost, unserved)
                if told is not None:
                    told(seconds, *min(best.values()))
        except Empty:
            if done:
                return


class _Line:
    """A worker's ends of the event and the queues; set when its process begins."""

    ended: Event
    figures: Any
    boxes: list[Any]


def _begin(ended: Event, figures: Any, boxes: list[Any]) -> None:
    _Line.ended, _Line.figures, _Line.boxes = ended, figures, boxes


def _solve(problem: Problem, number: int, *, seed: int, **limits: Any) -> Plan:
    last: list[tuple[int, int]] = [(0, 0)]

    def told(seconds: float, cost: int, unserved: int) -> None:
        if last[0] != (cost, unserved):
            last[0] = (cost, unserved)
            _Line.figures.put((seed, seconds, cost, unserved))

    mates = Mates(_Line.boxes, number) if _Line.boxes else None
    return solve(problem, seed=seed, told=told, stop=_Line.ended.is_set, mates=mates, **limits)
