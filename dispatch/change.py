"""Small changes to a plan: improve it, or insert one task as it stands."""

from __future__ import annotations

import time
from dataclasses import replace

from dispatch.errors import UnknownTask
from dispatch.pieces import by_pieces, piece_size
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.refine import Clock, Progress, finish, refine
from dispatch.timing.assembly import hold_starts, schedule_of
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network


def improve(
    problem: Problem,
    plan: Plan,
    *,
    seed: int,
    time_limit_seconds: float,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """A checked plan that costs no more than the given one, searched for from it. Stops of the plan that
    the problem no longer knows, or that no longer fit, are left out first."""
    if not time_limit_seconds > 0:
        raise ValueError("time_limit_seconds must be positive")
    clock = Clock(time_limit_seconds)
    if size := piece_size(problem):
        return by_pieces(problem, clock, size=size, seed=seed, iterations=iterations, progress=progress, given=plan)
    schedule, _ = schedule_of(Network(problem), plan)
    hold_starts(schedule, plan)  # a plan timed to cost least is dearer when all its stops start as early as they can
    return refine(schedule, clock, seed=seed, iterations=iterations, progress=progress)


def insert(problem: Problem, plan: Plan, task_id: str) -> Plan | None:
    """The plan with one more visit or delivery where it costs least, no other stop changing its place in
    its route (times may move); None if it fits nowhere. Raises UnknownTask."""
    network = Network(problem)
    if task_id not in network.tasks:
        raise UnknownTask(task_id)
    clock = Clock(60.0)
    schedule, _ = schedule_of(network, plan)
    if not schedule.served(network.tasks[task_id]) and not Inserter(schedule).insert(network.tasks[task_id]):
        return None
    found = finish(schedule, clock, seed=plan.seed, iterations=plan.iterations)
    return replace(found, seconds=round(time.monotonic() - clock.began, 3))
