"""From a problem to a plan: construct and search, choose and time with OR-Tools, check, explain.

No plan leaves here that the independent checker has not passed. The search is busy for its whole limit: callers in an
event loop run it in a process of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from dispatch.exact.routing import search as routing_search
from dispatch.pieces import by_pieces, piece_size
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.progress import Progress, Told
from dispatch.refine import finish, limited, pinned, refine
from dispatch.search.crossing import Mates
from dispatch.stopping import Stop
from dispatch.timing.filling import construct, fill, ranked
from dispatch.timing.network import Network


def solve(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    iterations: int | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    pieces: int | None = None,
    told: Told | None = None,
    stop: Stop | None = None,
    mates: Mates | None = None,
) -> Plan:
    """A checked plan. With `iterations` (rounds of the search) the same seed gives the same plan if the time
    suffices; without, only validity is promised. `clock` measures the limit: `time.process_time` counts CPU time.
    A large day is solved by pieces, see `dispatch.pieces`; `pieces` is their size in tasks, 0 for none.
    `told` hears of the best so far while it is searched for; once `stop` is true, the best so far is closed as it is.
    `mates` are searches on the same problem to learn from; with them, a seed alone promises nothing.

    Raises ValueError for a limit that is not positive."""
    limit = limited(time_limit_seconds, clock)
    size = piece_size(problem, pieces)
    if size:
        return by_pieces(
            problem, limit, size=size, seed=seed, iterations=iterations, progress=progress, told=told, stop=stop
        )
    start = pinned(Network(problem))
    return refine(start, limit, seed=seed, iterations=iterations, progress=progress, told=told, stop=stop, mates=mates)


def solve_by_routing(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Plan:
    """A checked plan of the second engine: OR-Tools' RoutingModel from a first schedule, and nothing else. Once `stop`
    is true, the best so far is closed as it is."""
    tell = progress or (lambda _text, _seconds: None)
    clock = limited(time_limit_seconds)
    chance = random.Random(seed)  # noqa: S311  # a seeded search, no secret
    schedule = construct(Network(problem), chance, clock.began + 0.3 * time_limit_seconds)
    tell(f"constructed: {len(schedule.unserved())} unserved", clock.spent)
    found = routing_search(schedule, seconds=clock.deadline - clock.now(), iterations=None, stop=stop)
    if stop is not None and stop():
        clock.close()
    if found is not None and found.cost() < schedule.cost():
        schedule = found
    fill(schedule, ranked(schedule, chance), deadline=clock.began + clock.limit_seconds, tries=None)
    tell(f"routed: {len(schedule.unserved())} unserved", clock.spent)
    return finish(schedule, clock, seed=seed, iterations=0)
