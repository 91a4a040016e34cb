"""Compiling the live kernels before they are needed: each kind of change once, on a day of two shifts."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from dataclasses import replace

from dispatch.errors import ChangeRefused
from dispatch.live.kernels.compiled import CACHE
from dispatch.live.plan import LivePlan
from dispatch.search.cache import READY
from dispatch.search.warm import tiny
from dispatch.solving import solve


def warm_up_live() -> None:
    """Compile all live kernels, or load them from the cache. Two processes that start at once compile once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = tiny()
        live = LivePlan(problem, solve(problem, seed=0, time_limit_seconds=60.0, iterations=1))
        for task in problem.tasks.values():
            proposals = live.propose(replace(task, id=f"another {task.id}"))
            if proposals:
                live.commit(proposals[0])
        live.running_late("one", 60, now=1)
        stop = next(stop for route in live.plan.routes for stop in route.stops if stop.kind == "visit")
        with suppress(ChangeRefused):
            live.finished(stop.id, stop.departure + 60, member=stop.member)
        live.remove("one", now=live.now)
        (CACHE / READY).touch()
