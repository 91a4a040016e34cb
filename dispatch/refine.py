"""One search on one problem: from a schedule to the checked plan, within a limit of time or iterations."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from dispatch.check import check
from dispatch.errors import EngineFault
from dispatch.exact.timing import timed
from dispatch.explaining import explain
from dispatch.indicators import indicators
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.progress import Progress, Told
from dispatch.recombine import recombine
from dispatch.search.crossing import Mates
from dispatch.search.engine import Search
from dispatch.sentences import count_of
from dispatch.stopping import Stop
from dispatch.timing.assembly import bare_plan
from dispatch.timing.filling import fill, ranked
from dispatch.timing.network import Network
from dispatch.timing.rebuilding import rebuilt
from dispatch.timing.schedule import Schedule

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

    def close(self) -> None:
        """End the limit a closing's time from now, if that is sooner."""
        self.limit_seconds = min(self.limit_seconds, self.spent + CLOSING_SECONDS)

    def at(self, share: float) -> float:
        """When this share of the time up to the deadline is used up."""
        return self.began + share * (self.deadline - self.began)

    @property
    def deadline(self) -> float:
        """When searching ends and closing begins."""
        closing = max(CLOSING_SECONDS, CLOSING_SHARE * self.limit_seconds)
        return self.began + max(0.3 * self.limit_seconds, self.limit_seconds - closing)


def limited(seconds: float, now: Callable[[], float] = time.monotonic) -> Clock:
    """The clock of a limit that is asked for. Raises ValueError if it is not positive."""
    if not seconds > 0:
        raise ValueError("time_limit_seconds must be positive")
    return Clock(seconds, now)


def pinned(network: Network) -> Schedule:
    """A schedule of what is pinned to the heads of routes, in its order."""
    schedule = Schedule(network)
    heads = dict.fromkeys(network.nodes[number].task for prefix in network.prefix for number in prefix)
    fill(schedule, heads, deadline=None, tries=None)
    return schedule


def refine(
    schedule: Schedule,
    clock: Clock,
    *,
    seed: int,
    iterations: int | None,
    progress: Progress | None,
    told: Told | None = None,
    stop: Stop | None = None,
    mates: Mates | None = None,
) -> Plan:
    """Search on from a schedule until the clock or the iterations are used up or `stop` is true; the checked plan, no
    dearer. See `searched`."""
    found, rounds = searched(
        schedule, clock, seed=seed, iterations=iterations, progress=progress, told=told, stop=stop, mates=mates
    )
    explaining = EXPLAINING_SECONDS if iterations is None else None  # a counted search gives the same plan anywhere
    return finish(found, clock, seed=seed, iterations=rounds, explaining=explaining)


def searched(
    schedule: Schedule,
    clock: Clock,
    *,
    seed: int,
    iterations: int | None,
    progress: Progress | None = None,
    told: Told | None = None,
    stop: Stop | None = None,
    mates: Mates | None = None,
    cooled: float = 0.0,
    inserting_seconds: float = INSERTING_SECONDS,
) -> tuple[Schedule, int]:
    """What a search from a schedule finds, timed exactly and no dearer, and its rounds. `cooled` is the share of the
    cooling to leave out: a good schedule is not to be melted down. The last insertions get `inserting_seconds` at
    least, beyond the limit if need be. `told` hears of the best so far; once `stop` is true, that is closed at once.
    `mates` are searches to learn from."""
    tell = progress or (lambda _text, _seconds: None)
    search = Search(schedule.network, seed=seed)
    search.construct(schedule)
    tell(f"constructed: {search.unserved()} unserved", clock.spent)
    hear = None if told is None else (lambda _share, cost, unserved: told(clock.spent, cost, unserved))
    search.run(
        clock=clock.now, until=clock.at(SEARCH_SHARE), iterations=iterations, told=hear, cooled=cooled, stop=stop,
        mates=mates,
    )  # fmt: skip
    stopped = stop is not None and stop()
    if stopped:
        clock.close()
        inserting_seconds = min(inserting_seconds, INSERTING_SECONDS)
    counted = iterations is not None and not stopped
    recombine(search, seconds=clock.deadline - clock.now(), seed=seed, counted=counted)
    found = _closed(search, clock, seed=seed, counted=counted, inserting_seconds=inserting_seconds, tell=tell)
    if found.cost() > schedule.cost():
        found = schedule
    tell(f"timed exactly: costs {found.cost()}", clock.spent)
    return found, search.iterations


def _closed(
    search: Search, clock: Clock, *, seed: int, counted: bool, inserting_seconds: float, tell: Progress
) -> Schedule:
    """The best of a search by our own timing, with what still fits inserted, timed to cost least."""
    network, chance = search.network, random.Random(seed)  # noqa: S311  # a seeded search, no secret
    last = clock.began + clock.limit_seconds
    inserting = time.monotonic() + max(inserting_seconds, CLOSING_STEP * (last - clock.now()))
    deadline = None if counted else inserting
    found = rebuilt(network, search.sequences(), starts=search.starts(), deadline=deadline)
    fill(found, ranked(found, chance), deadline=deadline, tries=None)
    tell(f"searched {count_of(search.iterations, 'round')}: {len(found.unserved())} unserved", clock.spent)
    seconds = CLOSING_STEP * (last - clock.now())
    return timed(found, seconds=seconds, seed=seed, work=TIMING_WORK if counted else None)


def finish(schedule: Schedule, clock: Clock, *, seed: int, iterations: int, explaining: float | None = None) -> Plan:
    """The plan of a schedule with cost, indicators and reasons, which are sought for `explaining` seconds at most.
    Raises EngineFault if the checker objects."""
    problem, network = schedule.network.problem, schedule.network
    bare = replace(bare_plan(schedule), seed=seed, iterations=iterations)
    refuse_broken(problem, bare)
    told = accounted(problem, bare, network=network, explaining=explaining)
    return replace(told, seconds=round(clock.spent, 3))


def accounted(problem: Problem, plan: Plan, *, network: Network | None = None, explaining: float | None = None) -> Plan:
    """A checked plan with reasons, which are sought for `explaining` seconds at most, and indicators."""
    told = replace(plan, unassigned=tuple(explain(problem, plan, network=network, seconds=explaining)))
    return replace(told, indicators=indicators(problem, told))


def refuse_broken(problem: Problem, plan: Plan) -> None:
    """Raises EngineFault if the checker objects to a plan."""
    violations = check(problem, plan)
    if violations:
        raise EngineFault([str(violation) for violation in violations])
