"""What a worker does with a piece, on this machine or another: values in, a checked bare plan out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dispatch.errors import EngineFault
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.refine import Clock, pinned, refuse_broken, searched
from dispatch.stopping import Stop
from dispatch.timing.assembly import bare_plan, hold_starts, schedule_of
from dispatch.timing.network import Network

Now = Callable[[], float]  # seconds on a clock that only goes forward

BEGUN, COOLED = 0.3, 0.3  # of the cooling is left out from nothing, for time is short, and where a good plan is given


@dataclass(frozen=True, slots=True)
class Task:
    """A piece to be solved, from nothing or, with `plan`, to be improved. `number` tells its answer from others."""

    number: int
    problem: Problem
    plan: Plan | None
    seed: int
    seconds: float
    inserting_seconds: float  # of the last insertions, beyond the task's own if need be
    iterations: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The plan found, None if there is none better; `fault` says what the checker objected to, or what went wrong."""

    number: int
    plan: Plan | None
    fault: str = ""


def work(task: Task, stopped: Stop, now: Now) -> Answer:
    """The answer to a task, whatever happens: a day is not lost because one piece is too much."""
    try:
        return _searched(task, stopped, now)
    except MemoryError:
        return Answer(task.number, None, fault="there is not enough memory for it")


def _searched(task: Task, stopped: Stop, now: Now) -> Answer:
    """Search within the task's seconds by `now`, or for its iterations; `stopped` ends it early. Given a plan, only a
    cheaper one is an answer."""
    if stopped():
        return Answer(task.number, None)
    clock = Clock(task.seconds, now)
    network = Network(task.problem)
    if task.plan is None:
        schedule = pinned(network)
    else:
        schedule, _ = schedule_of(network, task.plan)
        hold_starts(schedule, task.plan)
    cooled = BEGUN if task.plan is None else COOLED
    found, rounds = searched(
        schedule,
        clock,
        seed=task.seed,
        iterations=task.iterations,
        cooled=cooled,
        stop=stopped,
        inserting_seconds=task.inserting_seconds,
    )
    plan = replace(bare_plan(found), seed=task.seed, iterations=rounds)
    if task.plan is not None and plan.cost["total"] >= task.plan.cost["total"]:
        return Answer(task.number, None)
    try:
        refuse_broken(task.problem, plan)
    except EngineFault as fault:
        return Answer(task.number, None, fault=str(fault))
    return Answer(task.number, plan)
