"""One search on one problem: from a schedule to the checked plan, within a limit of time or iterations."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from dispatch.check import check
from dispatch.errors import EngineFault
from dispatch.exact.timing import timed
from dispatch.explain import explain
from dispatch.indicators import indicators
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.recombine import recombine
from dispatch.search.engine import Search
from dispatch.timing.assembly import bare_plan
from dispatch.timing.filling import fill, ranked
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


def pinned(network: Network) -> Schedule:
    """A schedule of what is pinned to the heads of routes, in its order."""
    schedule = Schedule(network)
    heads = dict.fromkeys(network.nodes[number].task for prefix in network.prefix for number in prefix)
    fill(schedule, heads, deadline=None, tries=None)
    return schedule


def refine(schedule: Schedule, clock: Clock, *, seed: int, iterations: int | None, progress: Progress | None) -> Plan:
    """Search on from a schedule until the clock or the iterations are used up; the checked plan, no dearer."""
    found, rounds = searched(schedule, clock, seed=seed, iterations=iterations, progress=progress)
    explaining = EXPLAINING_SECONDS if iterations is None else None  # a counted search gives the same plan anywhere
    return finish(found, clock, seed=seed, iterations=rounds, explaining=explaining)


def searched(
    schedule: Schedule,
    clock: Clock,
    *,
    seed: int,
    iterations: int | None,
    progress: Progress | None = None,
    cooled: float = 0.0,
    inserting_seconds: float = INSERTING_SECONDS,
) -> tuple[Schedule, int]:
    """What a search from a schedule finds, timed exactly and no dearer, and its rounds. `cooled` is the share of the
    cooling to leave out: a good schedule is not to be melted down. The last insertions get `inserting_seconds` at
    least, beyond the limit if need be."""
    tell = progress or (lambda _text, _seconds: None)
    search = Search(schedule.network, seed=seed)
    search.construct(schedule)
    tell(f"constructed: {search.unserved()} unserved", clock.spent)
    search.run(clock=clock.now, until=clock.at(SEARCH_SHARE), iterations=iterations, cooled=cooled)
    recombine(search, seconds=clock.deadline - clock.now(), seed=seed, counted=iterations is not None)
    last = clock.began + clock.limit_seconds
    share = max(inserting_seconds, CLOSING_STEP * (last - clock.now()))
    inserting = time.monotonic() + share if iterations is None else None
    found = rebuilt(schedule.network, search.sequences(), starts=search.starts(), deadline=inserting)
    fill(found, ranked(found, random.Random(seed)), deadline=inserting, tries=None)  # noqa: S311  # a seeded search
    tell(f"searched {search.iterations} rounds: {len(found.unserved())} unserved", clock.spent)
    work = None if iterations is None else TIMING_WORK
    found = timed(found, seconds=CLOSING_STEP * (last - clock.now()), seed=seed, work=work)
    if found.cost() > schedule.cost():
        found = schedule
    tell(f"timed exactly: costs {found.cost()}", clock.spent)
    return found, search.iterations


def finish(schedule: Schedule, clock: Clock, *, seed: int, iterations: int, explaining: float | None = None) -> Plan:
    """The plan of a schedule with cost, indicators and reasons, which are sought for `explaining` seconds at most.
    Raises EngineFault if the checker objects."""
    problem, network = schedule.network.problem, schedule.network
    bare = replace(bare_plan(schedule), seed=seed, iterations=iterations)
    refuse_broken(problem, bare)
    told = replace(bare, unassigned=tuple(explain(problem, bare, network=network, seconds=explaining)))
    return replace(told, indicators=indicators(problem, told), seconds=round(clock.spent, 3))


def refuse_broken(problem: Problem, plan: Plan) -> None:
    """Raises EngineFault if the checker objects to a plan."""
    violations = check(problem, plan)
    if violations:
        raise EngineFault([str(violation) for violation in violations])
