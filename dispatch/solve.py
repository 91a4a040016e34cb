"""From a problem to a plan: construct and search, choose and time with OR-Tools, check, explain.

No plan leaves here that the independent checker has not passed. The search is busy for its whole limit: callers in an
event loop run it in a process of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from dispatch.check import check
from dispatch.cost import cost_of
from dispatch.errors import EngineFault
from dispatch.exact.routing import search as routing_search
from dispatch.exact.timing import timed
from dispatch.explain import explain
from dispatch.indicators import indicators
from dispatch.plan import Plan, Unassigned
from dispatch.problem import Problem
from dispatch.recombine import recombine
from dispatch.search.engine import Search
from dispatch.timing.assembly import routes_of
from dispatch.timing.filling import construct, fill, ranked
from dispatch.timing.network import Network
from dispatch.timing.rebuilding import rebuilt
from dispatch.timing.schedule import Schedule

Progress = Callable[[str, float], None]  # (what is being done, seconds since the start)

SEARCH_SHARE = 0.96  # of the time up to the deadline; the rest chooses among the routes met
CLOSING_SHARE = 0.04  # of the limit, kept for the last insertions, the check and the reasons
CLOSING_SECONDS = 0.15
INSERTING_SECONDS = 1.0  # at least, beyond the limit if need be: nobody is left out for want of milliseconds
EXPLAINING_SECONDS = 5.0  # on top of the limit, where many tasks are left out; a few take milliseconds
CLOSING_STEP = 0.5  # of what closing has left goes to insertions, then to exact timing; check and reasons get the rest
TIMING_WORK = 2.0  # deterministic seconds of CP-SAT for exact timing where iterations are counted


class Clock:
    """What is left of a time limit, on a clock that only goes forward."""

    def __init__(self, limit_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.began = now()
        self.limit_seconds = limit_seconds

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.now() - self.began

    def at(self, share: float) -> float:
        """When this share of the time up to the deadline is used up."""
        return self.began + share * (self.deadline - self.began)

    @property
    def deadline(self) -> float:
        """When searching ends and closing begins."""
        closing = max(CLOSING_SECONDS, CLOSING_SHARE * self.limit_seconds)
        return self.began + max(0.3 * self.limit_seconds, self.limit_seconds - closing)


def solve(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    iterations: int | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Plan:
    """A checked plan. With `iterations` (rounds of ruin and recreate) the same seed gives the same plan if the time
    suffices; without, only validity is promised. `clock` measures the limit: `time.process_time` counts CPU time.

    Raises ValueError for a limit that is not positive."""
    if not time_limit_seconds > 0:
        raise ValueError("time_limit_seconds must be positive")
    limit = Clock(time_limit_seconds, clock)
    return refine(_pinned(Network(problem)), limit, seed=seed, iterations=iterations, progress=progress)


def _pinned(network: Network) -> Schedule:
    """A schedule of what is pinned to the heads of routes, in its order."""
    schedule = Schedule(network)
    heads = dict.fromkeys(network.nodes[number].task for prefix in network.prefix for number in prefix)
    fill(schedule, heads, deadline=None, tries=None)
    return schedule


def refine(schedule: Schedule, clock: Clock, *, seed: int, iterations: int | None, progress: Progress | None) -> Plan:
    """Search on from a schedule until the clock or the iterations are used up; the checked plan, no dearer."""
    tell = progress or (lambda _text, _seconds: None)
    search = Search(schedule.network, seed=seed)
    search.construct(schedule)
    tell(f"constructed: {search.unserved()} unserved", clock.spent)
    search.run(clock=clock.now, until=clock.at(SEARCH_SHARE), iterations=iterations)
    recombine(search, seconds=clock.deadline - clock.now(), seed=seed, counted=iterations is not None)
    last = clock.began + clock.limit_seconds
    share = max(INSERTING_SECONDS, CLOSING_STEP * (last - clock.now()))
    inserting = time.monotonic() + share if iterations is None else None
    found = rebuilt(schedule.network, search.sequences(), starts=search.starts(), deadline=inserting)
    fill(found, ranked(found, random.Random(seed)), deadline=inserting, tries=None)  # noqa: S311  # a seeded search
    tell(f"searched {search.iterations} rounds: {len(found.unserved())} unserved", clock.spent)
    work = None if iterations is None else TIMING_WORK
    found = timed(found, seconds=CLOSING_STEP * (last - clock.now()), seed=seed, work=work)
    if found.cost() > schedule.cost():
        found = schedule
    tell(f"timed exactly: costs {found.cost()}", clock.spent)
    explaining = EXPLAINING_SECONDS if iterations is None else None  # a counted search gives the same plan anywhere
    return finish(found, clock, seed=seed, iterations=search.iterations, explaining=explaining)


def solve_by_routing(
    problem: Problem, *, seed: int, time_limit_seconds: float, progress: Progress | None = None
) -> Plan:
    """A checked plan of the second engine: OR-Tools' RoutingModel from a first schedule, and nothing else."""
    if not time_limit_seconds > 0:
        raise ValueError("time_limit_seconds must be positive")
    tell = progress or (lambda _text, _seconds: None)
    clock = Clock(time_limit_seconds)
    chance = random.Random(seed)  # noqa: S311  # a seeded search, no secret
    schedule = construct(Network(problem), chance, clock.began + 0.3 * time_limit_seconds)
    tell(f"constructed: {len(schedule.unserved())} unserved", clock.spent)
    found = routing_search(schedule, seconds=clock.deadline - clock.now(), iterations=None)
    if found is not None and found.cost() < schedule.cost():
        schedule = found
    fill(schedule, ranked(schedule, chance), deadline=clock.began + clock.limit_seconds, tries=None)
    tell(f"routed: {len(schedule.unserved())} unserved", clock.spent)
    return finish(schedule, clock, seed=seed, iterations=0)


def finish(schedule: Schedule, clock: Clock, *, seed: int, iterations: int, explaining: float | None = None) -> Plan:
    """The plan of a schedule with cost, indicators and reasons, which are sought for `explaining` seconds at most.
    Raises EngineFault if the checker objects."""
    problem, network = schedule.network.problem, schedule.network
    routes = routes_of(schedule)
    missing = [network.bundles[index].task.id for index in schedule.unserved()]
    bare = Plan(
        status="infeasible" if problem.binding & set(missing) else "feasible",
        routes=routes,
        unassigned=tuple(Unassigned(task) for task in missing),
        cost=cost_of(problem, routes, missing),
        seed=seed,
        iterations=iterations,
    )
    violations = check(problem, bare)
    if violations:
        raise EngineFault([str(violation) for violation in violations])
    told = replace(bare, unassigned=tuple(explain(problem, bare, network=network, seconds=explaining)))
    return replace(told, indicators=indicators(problem, told), seconds=round(clock.spent, 3))
