"""From a problem to a plan: construct, search with OR-Tools, recreate, time exactly, check, explain.

No plan leaves here that the independent checker has not passed. The solver holds the interpreter lock for
seconds: callers in an event loop run it in a process of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from dispatch.check import check
from dispatch.cost import cost_of
from dispatch.errors import EngineFault
from dispatch.exact.routing import search
from dispatch.explain import explain
from dispatch.indicators import indicators
from dispatch.plan import Plan, Unassigned
from dispatch.problem import Problem
from dispatch.recreate import Recreate, construct, fill, ranked
from dispatch.timing.assembly import routes_of
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

Progress = Callable[[str, float], None]  # (what is being done, seconds since the start)

RECREATE_UNTIL, ROUTING_UNTIL = 0.4, 0.75  # of the limit; what is left recreates again
CLOSING_SHARE = 0.04  # of the limit, kept for the last insertions, the check and the reasons
CLOSING_SECONDS = 0.15


class Clock:
    """What is left of a time limit, on the monotonic clock."""

    def __init__(self, limit_seconds: float) -> None:
        self.began = time.monotonic()
        self.limit_seconds = limit_seconds

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def at(self, share: float) -> float:
        """The monotonic instant when this share of the limit is used up."""
        return min(self.deadline, self.began + share * self.limit_seconds)

    @property
    def deadline(self) -> float:
        """The monotonic instant at which searching ends and closing begins."""
        closing = max(CLOSING_SECONDS, CLOSING_SHARE * self.limit_seconds)
        return self.began + max(0.3 * self.limit_seconds, self.limit_seconds - closing)


def solve(
    problem: Problem,
    *,
    seed: int,
    time_limit_seconds: float,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """A checked plan. With `iterations` (improvements of the routing search, rounds of recreation) the
    same seed gives the same plan if the time suffices; without, only validity is promised.

    Raises ValueError for a limit that is not positive."""
    if not time_limit_seconds > 0:
        raise ValueError("time_limit_seconds must be positive")
    clock = Clock(time_limit_seconds)
    network = Network(problem)
    schedule = construct(network, random.Random(seed), clock.deadline)  # noqa: S311  # a seeded search
    return refine(schedule, clock, seed=seed, iterations=iterations, progress=progress)


def refine(
    schedule: Schedule,
    clock: Clock,
    *,
    seed: int,
    iterations: int | None,
    progress: Progress | None,
) -> Plan:
    """Search on from a schedule until the clock or the iterations are used up; the checked plan."""
    tell = progress or (lambda _text, _seconds: None)
    chance = random.Random(seed)  # noqa: S311  # a seeded search, no secret
    tell(f"constructed: {len(schedule.unserved())} unserved", clock.spent)
    rounds = _recreate(schedule, clock.at(RECREATE_UNTIL), chance, iterations=iterations)
    tell(f"recreated {rounds} rounds: {len(schedule.unserved())} unserved", clock.spent)
    seconds = clock.at(ROUTING_UNTIL) - time.monotonic()
    found = search(schedule, seconds=seconds, iterations=iterations)
    if found is not None and found.cost() < schedule.cost():
        schedule = found
    tell(f"routed: {len(schedule.unserved())} unserved", clock.spent)
    rounds += _recreate(schedule, clock.deadline, chance, iterations=iterations)
    last = clock.began + clock.limit_seconds
    fill(schedule, ranked(schedule, chance), deadline=last, tries=None)
    tell(f"recreated {rounds} rounds in all: {len(schedule.unserved())} unserved", clock.spent)
    return finish(schedule, clock, seed=seed, iterations=rounds)


def _recreate(schedule: Schedule, deadline: float, chance: random.Random, *, iterations: int | None) -> int:
    search_on = Recreate(schedule, chance)
    rounds = 0
    while time.monotonic() < deadline and (iterations is None or rounds < iterations):
        search_on.step(deadline)
        rounds += 1
    return rounds


def finish(schedule: Schedule, clock: Clock, *, seed: int, iterations: int) -> Plan:
    """The plan of a schedule with cost, indicators and reasons. Raises EngineFault if the checker objects."""
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
    told = replace(bare, unassigned=tuple(explain(problem, bare, network=network)))
    return replace(told, indicators=indicators(problem, told), seconds=round(clock.spent, 3))
