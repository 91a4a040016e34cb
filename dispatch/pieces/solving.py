"""The face of solving by pieces: which days, how large the pieces, and a checked plan with reasons at the end."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from dispatch.pieces.hands import Hands, ManyHands, OwnHands
from dispatch.pieces.merge import merged
from dispatch.pieces.planner import Planner
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.progress import Progress, Told
from dispatch.refine import EXPLAINING_SECONDS, Clock, accounted, refuse_broken
from dispatch.stopping import Stop
from dispatch.timing.assembly import bare_plan, hold_starts, schedule_of
from dispatch.timing.filling import fill, ranked
from dispatch.timing.network import Network

WHOLE_UP_TO = 2_000  # tasks: a day of single visits up to here is searched as a whole
WOVEN_UP_TO = 400  # the same of a day with crews or boxes to fetch: whole, 1,000 leave out a tenth that pieces serve
SIZE = 250  # tasks of a piece
CLOSING_SECONDS = 0.0004  # per task, for the last check, figures and reasons
OWN_CLOCKS = (time.process_time, time.thread_time)
EXPLAINING_SHARE = 0.02  # of the limit, and at most as long as a small day may take


def piece_size(problem: Problem, asked: int | None = None) -> int:
    """Tasks per piece; 0: this day is searched as a whole. `asked` overrides the choice by size. Raises ValueError
    if it is negative."""
    if asked is not None and asked < 0:
        raise ValueError("pieces are of 1 task or more, or 0 for none")
    count = len(problem.tasks)
    most = WOVEN_UP_TO if _is_woven(problem) else WHOLE_UP_TO
    size = asked if asked is not None else SIZE if count > most else 0
    return size if size < count else 0


def _is_woven(problem: Problem) -> bool:
    """Whether there are crews, or boxes to fetch on the way; one that is ready at a single moment is taken along from
    the start."""
    fetched = any(one.pickup.windows[0][0] < one.pickup.windows[-1][1] for one in problem.deliveries)
    return fetched or any(len(visit.crew) > 1 for visit in problem.visits)


def by_pieces(
    problem: Problem,
    clock: Clock,
    *,
    size: int,
    seed: int,
    iterations: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    told: Told | None = None,
    stop: Stop | None = None,
    given: Plan | None = None,
) -> Plan:
    """The checked plan of a day solved by pieces of `size` tasks; from a `given` plan only its borders are opened, and
    it never gets dearer. With `iterations`, of each piece each time, the same seed gives the same plan whatever the
    workers, if the time suffices. `told` hears of the day as it stands; once `stop` holds, it is returned so.

    Raises EngineFault if the checker objects to the whole, ValueError for several workers by a clock that only this
    process drives."""
    if workers > 1 and clock.now in OWN_CLOCKS:
        raise ValueError("the time of this process cannot measure what several do")
    explaining = min(EXPLAINING_SECONDS, EXPLAINING_SHARE * clock.limit_seconds)
    closing = 2 * explaining + CLOSING_SECONDS * len(problem.tasks)
    until = min(clock.deadline, clock.began + max(0.3 * clock.limit_seconds, clock.limit_seconds - closing))
    with ExitStack() as stack:
        hands: Hands = OwnHands(clock.now) if workers < 2 else stack.enter_context(ManyHands(workers, clock.now))
        planner = Planner(
            problem,
            clock,
            hands,
            size=size,
            seed=seed,
            iterations=iterations,
            until=until,
            workers=workers,
            tell=progress or (lambda _text, _seconds: None),
            told=told,
            stop=stop or (lambda: False),
        )
        if given is None:
            planner.solve_pieces()
        else:
            planner.routes = _routes(problem, given)
        planner.open_borders()
    plan = replace(merged(problem, planner.routes), seed=seed, iterations=planner.iterated)
    refuse_broken(problem, plan)
    network = Network(problem)
    if plan.unassigned and not planner.stop():
        plan = _filled(network, plan, seconds=explaining if iterations is None else None)
        if told is not None:
            told(clock.spent, plan.cost["total"], len(plan.unassigned))
    told_all = accounted(problem, plan, network=network, explaining=explaining if iterations is None else None)
    return replace(told_all, seconds=round(clock.spent, 3))


def _filled(network: Network, plan: Plan, *, seconds: float | None) -> Plan:
    """The plan with those of its unassigned tasks that fit on some route of the day: a piece knows only its own."""
    schedule, _ = schedule_of(network, plan)
    hold_starts(schedule, plan)
    deadline = None if seconds is None else time.monotonic() + seconds
    fill(schedule, ranked(schedule, random.Random(plan.seed)), deadline=deadline, tries=None)  # noqa: S311  # no secret
    filled = replace(bare_plan(schedule), seed=plan.seed, iterations=plan.iterations)
    if filled.cost["total"] >= plan.cost["total"]:
        return plan
    refuse_broken(network.problem, filled)
    return filled


def _routes(problem: Problem, given: Plan) -> Mapping[str, Route]:
    """A plan's routes, without what no longer fits the problem."""
    schedule, _ = schedule_of(Network(problem), given)
    hold_starts(schedule, given)
    return {route.shift: route for route in bare_plan(schedule).routes}
