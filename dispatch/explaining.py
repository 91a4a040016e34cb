"""Why a task is not served: reasons, each tested against the problem and the plan, never guessed.

First what the problem itself forbids (skills, exclusions, load, duty, distance, crew, pins); then, for what
could be served on an empty day, which relaxation would let it into this plan; then the nearest change that
does, found by making it.
"""

from __future__ import annotations

import time
from dataclasses import replace

from dispatch.errors import DayTooLarge
from dispatch.nearest import fits, inserted, nearest_change, with_task
from dispatch.plan import Plan, Reason, Unassigned
from dispatch.possible import impossibilities
from dispatch.problem import HORIZON_SECONDS, Problem
from dispatch.proof.conflict import MOST_TASKS, conflict, rivals
from dispatch.sentences import sentence
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.assembly import schedule_of
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

PROOF_SECONDS = 2.0  # per task, where proofs are asked for

MANDATORY = Reason("mandatory", sentence("mandatory"))


def explain(
    problem: Problem,
    plan: Plan,
    *,
    network: Network | None = None,
    seconds: float | None = None,
    proof_seconds: float = 0.0,
) -> list[Unassigned]:
    """The plan's unassigned tasks with their reasons and the nearest change that would let them in, see
    dispatch.nearest. A task that could simply be inserted gets the code `insertable`. What `seconds` did not suffice
    for gets `unexamined`. With `proof_seconds` (of each task) it is also sought to prove that no plan serves it beside
    others that are served, see dispatch.proof."""
    network = network or Network(problem)
    if not plan.unassigned:
        return []
    schedule, _ = schedule_of(network, plan)
    until = None if seconds is None else time.monotonic() + seconds
    found, longest = {}, [0.0, 0.0]
    for entry in sorted(plan.unassigned, key=lambda entry: _by_several(problem.tasks[entry.id])):  # the slow ones last
        several, began = _by_several(problem.tasks[entry.id]), time.monotonic()
        if until is not None and began + longest[several] > until:
            found[entry.id] = _unexamined(network, entry.id)
            continue
        found[entry.id] = _one(schedule, plan, entry.id, until, proof_seconds)
        longest[several] = max(longest[several], time.monotonic() - began)
    return [found[entry.id] for entry in plan.unassigned]


def _by_several(task: Task) -> bool:
    """Whether the task needs a crew: every pair of places for its members is looked at."""
    return isinstance(task, Visit) and len(task.crew) > 1


def _unexamined(network: Network, task_id: str) -> Unassigned:
    reasons = [Reason("unexamined", sentence("unexamined"))]
    if task_id in network.problem.binding:
        reasons.append(MANDATORY)
    return Unassigned(task_id, tuple(reasons))


def _one(schedule: Schedule, plan: Plan, task_id: str, until: float | None, proof_seconds: float) -> Unassigned:
    network = schedule.network
    task = network.problem.tasks[task_id]
    reasons = impossibilities(network, task)
    if not reasons:
        reasons = [*_proved(schedule, task, proof_seconds), *_crowded_out(schedule, plan, task)]
    if task_id in network.problem.binding:
        reasons.append(MANDATORY)
    change = nearest_change(schedule, task, until=until)
    return Unassigned(task_id, tuple(reasons), change)


def _proved(schedule: Schedule, task: Task, seconds: float) -> list[Reason]:
    """That no plan serves the task beside others that are served, if that can be proved."""
    if not seconds:
        return []
    network, number = schedule.network, schedule.network.tasks[task.id]
    served = [other for other in range(len(network.bundles)) if schedule.served(other)]
    others = served if len(served) <= MOST_TASKS else rivals(network, number, served)
    try:
        found = conflict(network, number, others, seconds=seconds)
    except DayTooLarge:
        return []
    if found is None:
        return []
    names = ", ".join(network.bundles[other].task.id for other in found)
    return [Reason("conflict", sentence("conflict", tasks=names) if names else sentence("impossible"))]


def _crowded_out(schedule: Schedule, plan: Plan, task: Task) -> list[Reason]:
    """Reasons of a task that an empty day could serve, by trying it with one rule lifted."""
    if fits(schedule, task) is not None:
        return [Reason("insertable", sentence("insertable"))]
    reasons = []
    if isinstance(task, Delivery) and any(task.load.values()) and fits(schedule, replace(task, load={})):
        reasons.append(Reason("capacity", sentence("no_room")))
    if fits(schedule, _at_any_time(task)):
        reasons.append(Reason("window", sentence("busy_then")))
    if isinstance(task, Visit) and len(task.crew) > 1 and any(
        _single_fits(schedule.network, plan, replace(task, crew=(member,))) for member in task.crew
    ):  # fmt: skip
        reasons.append(Reason("crew", sentence("one_only", count=len(task.crew))))
    return [*reasons, Reason("priority_lost", sentence("outweighed"))]


def _at_any_time(task: Task) -> Task:
    whole = ((0, HORIZON_SECONDS),)
    if isinstance(task, Visit):
        return replace(task, windows=whole, late_second=None)
    return replace(
        task,
        pickup=replace(task.pickup, windows=whole),
        dropoff=replace(task.dropoff, windows=whole),
        late_second=None,
    )


def _single_fits(network: Network, plan: Plan, task: Task) -> bool:
    """Whether a crew visit could be served by one of its members alone."""
    trial = Network(with_task(network.problem, task), network.travel)
    schedule, _ = schedule_of(trial, plan)
    return inserted(schedule, task) is not None
