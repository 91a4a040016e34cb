"""Compiling everything before it is needed: a small search over a problem of each kind."""

from __future__ import annotations

import fcntl
import time

from dispatch.objective import Objective
from dispatch.places import Euclidean, Place
from dispatch.problem import Problem
from dispatch.search.cache import READY
from dispatch.search.compiled import CACHE
from dispatch.search.engine import Search
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Halt, Member, Visit
from dispatch.timing.network import Network


def warm_up() -> None:
    """Compile all kernels, or load them from the cache. Two processes that start at once compile once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        search = Search(Network(tiny()), seed=0)
        search.construct()
        search.run(clock=time.monotonic, until=time.monotonic() + 60.0, iterations=1)
        search.sequences()
        (CACHE / READY).touch()


def tiny() -> Problem:
    """A day with a task of each kind for two shifts."""
    day = (0, 36_000)
    return Problem(
        places=(Place("a", xy=(0.0, 0.0)), Place("b", xy=(60.0, 0.0))),
        travel={"bike": Euclidean()},
        shifts=tuple(Shift(name, name, "bike", "a", "a", day, capacity={"boxes": 2}) for name in ("one", "two")),
        visits=(
            Visit("visit", "b", (day,), (Member(600),)),
            Visit("crew", "b", (day,), (Member(600), Member(600))),
        ),
        deliveries=(
            Delivery("meal", Halt("a", (day,), 60), Halt("b", (day,), 60), {"boxes": 1}, max_ride_seconds=900),
        ),
        objective=Objective(shift_used=1_000_000),  # so dear that routes are saved
    )
