"""Small changes to a plan: improve it, insert one task as it stands, or make the change that lets one in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from dispatch.document.reader import Faults
from dispatch.document.shifts import read_shift
from dispatch.errors import UnknownTask
from dispatch.nearest import later, swapped, with_task
from dispatch.pieces import by_pieces, piece_size
from dispatch.plan import Plan, Unassigned
from dispatch.problem import Problem
from dispatch.progress import Progress, Told
from dispatch.refine import Clock, finish, limited, refine
from dispatch.stopping import Stop
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
    clock: Callable[[], float] = time.monotonic,
    told: Told | None = None,
    stop: Stop | None = None,
) -> Plan:
    """A checked plan that costs no more than the given one, searched for from it. Stops of the plan that
    the problem no longer knows, or that no longer fit, are left out first. `clock`, `told` and `stop` as in `solve`.

    Raises ValueError for a limit that is not positive."""
    limit = limited(time_limit_seconds, clock)
    if size := piece_size(problem):
        return by_pieces(
            problem, limit, size=size, seed=seed, iterations=iterations, progress=progress, told=told, stop=stop,
            given=plan,
        )  # fmt: skip
    schedule, _ = schedule_of(Network(problem), plan)
    hold_starts(schedule, plan)  # a plan timed to cost least is dearer when all its stops start as early as they can
    return refine(schedule, limit, seed=seed, iterations=iterations, progress=progress, told=told, stop=stop)


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


def enact(problem: Problem, plan: Plan, entry: Unassigned) -> tuple[Problem, Plan]:
    """Make the nearest change of a task left out: the problem with it, and the checked plan that serves the task.

    Raises ValueError if the entry has no change, or the plan is no longer the one it was found for."""
    change = entry.nearest_change or {}
    task, changed = problem.tasks.get(entry.id), problem
    found: Plan | None = None
    if task is not None and change.get("kind") == "window":
        changed = with_task(problem, later(task, change["shift_seconds"]))
        found = insert(changed, plan, entry.id)
    elif task is not None and change.get("kind") == "shift":
        faults = Faults()
        added = [read_shift(shift, f"/add/{index}", faults) for index, shift in enumerate(change["add"])]
        changed = replace(problem, shifts=(*problem.shifts, *added))
        found = insert(changed, plan, entry.id) if not faults.found else None
    elif task is not None and change.get("kind") == "move":
        schedule, _ = schedule_of(Network(problem), plan)
        (shift,) = change["shifts"]
        moved = swapped(schedule, entry.id, schedule.network.shift_index[shift], change["moves"])
        found = moved if moved is None else finish(moved, Clock(60.0), seed=plan.seed, iterations=plan.iterations)
    if found is None:
        raise ValueError(f"no change that lets {entry.id!r} into this plan")
    return changed, found
