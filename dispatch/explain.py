"""Why a task is not served: reasons, each tested against the problem and the plan, never guessed.

First what the problem itself forbids (skills, exclusions, load, duty, distance, crew, pins); then, for what
could be served on an empty day, which relaxation would let it into this plan; then the nearest change of
time that does, found by inserting it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dispatch.plan import Plan, Reason, Unassigned
from dispatch.possible import impossibilities
from dispatch.problem import HORIZON_SECONDS, Problem
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.assembly import schedule_of
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule

MANDATORY = Reason("mandatory", "it must be served, so the plan as a whole is infeasible")
SHIFTS_TRIED_SECONDS = (900, -900, 1800, -1800, 3600, -3600)


def explain(
    problem: Problem, plan: Plan, *, network: Network | None = None, seconds: float | None = None
) -> list[Unassigned]:
    """The plan's unassigned tasks with their reasons and, where a small shift of time suffices, the
    nearest change. A task that could simply be inserted gets the code `insertable`. What `seconds` did not suffice for
    gets `unexamined`."""
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
        found[entry.id] = _one(schedule, plan, entry.id)
        longest[several] = max(longest[several], time.monotonic() - began)
    return [found[entry.id] for entry in plan.unassigned]


def _by_several(task: Task) -> bool:
    """Whether the task needs a crew: every pair of places for its members is looked at."""
    return isinstance(task, Visit) and len(task.crew) > 1


def _unexamined(network: Network, task_id: str) -> Unassigned:
    reasons = [Reason("unexamined", "the time limit was used up before its reasons were sought")]
    if task_id in network.problem.binding:
        reasons.append(MANDATORY)
    return Unassigned(task_id, tuple(reasons))


def _one(schedule: Schedule, plan: Plan, task_id: str) -> Unassigned:
    network = schedule.network
    task = network.problem.tasks[task_id]
    reasons = impossibilities(network, task)
    if not reasons:
        reasons = _crowded_out(schedule, plan, task)
    if task_id in network.problem.binding:
        reasons.append(MANDATORY)
    change = _nearest_change(schedule, task)
    return Unassigned(task_id, tuple(reasons), change)


def _crowded_out(schedule: Schedule, plan: Plan, task: Task) -> list[Reason]:
    """Reasons of a task that an empty day could serve, by trying it with one rule lifted."""
    if fits(schedule, task) is not None:
        return [Reason("insertable", "it could be inserted as the plan stands")]
    reasons = []
    if isinstance(task, Delivery) and any(task.load.values()) and fits(schedule, replace(task, load={})):
        reasons.append(Reason("capacity", "the shifts that could come have no room left for its load"))
    if fits(schedule, _at_any_time(task)):
        reasons.append(Reason("window", "the able caregivers are busy in its time window, not all day"))
    if isinstance(task, Visit) and len(task.crew) > 1 and any(
        _single_fits(schedule.network, plan, replace(task, crew=(member,))) for member in task.crew
    ):  # fmt: skip
        reasons.append(Reason("crew", f"one caregiver could come, not {len(task.crew)} at the same time"))
    detail = "the able shifts are full: serving it would displace tasks that weigh more or cost less"
    return [*reasons, Reason("priority_lost", detail)]


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


def _later(task: Task, seconds: int) -> Task:
    def moved(windows: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        pairs = ((max(0, begin + seconds), finish + seconds) for begin, finish in windows)
        return tuple((begin, finish) for begin, finish in pairs if finish >= begin)

    if isinstance(task, Visit):
        return replace(task, windows=moved(task.windows))
    return replace(
        task,
        pickup=replace(task.pickup, windows=moved(task.pickup.windows)),
        dropoff=replace(task.dropoff, windows=moved(task.dropoff.windows)),
    )


def _windows(task: Task) -> tuple[tuple[tuple[int, int], ...], ...]:
    return (task.windows,) if isinstance(task, Visit) else (task.pickup.windows, task.dropoff.windows)


def _nearest_change(schedule: Schedule, task: Task) -> dict[str, Any] | None:
    """The smallest tried shift of its windows that lets the task in without moving any other stop."""
    if any(pin.stop.id == task.id for pin in schedule.network.problem.pins):
        return None
    for seconds in SHIFTS_TRIED_SECONDS:
        moved = _later(task, seconds)
        if not all(_windows(moved)):
            continue
        place = fits(schedule, moved)
        if place is not None:
            minutes = abs(seconds) // 60
            when = "later" if seconds > 0 else "earlier"
            return {
                "kind": "window",
                "shift_seconds": seconds,
                "shifts": place[0],
                "start": place[1],
                "detail": f"{minutes} minutes {when}, shift {' and '.join(place[0])} could come",
            }
    return None


def fits(schedule: Schedule, task: Task) -> tuple[list[str], int] | None:
    """Where a task (perhaps with other windows or load) can be inserted without changing any order: the
    shifts and the first start; None if nowhere. The schedule stays as it is."""
    trial = schedule.copy()
    trial.network = schedule.network.altered(task)
    return _inserted(trial, task)


def _inserted(schedule: Schedule, task: Task) -> tuple[list[str], int] | None:
    network = schedule.network
    number = network.tasks[task.id]
    if not Inserter(schedule).insert(number):
        return None
    nodes = network.bundles[number].nodes
    shifts = sorted({network.shifts[schedule.shift_of[node]].id for node in nodes})
    return shifts, min(schedule.starts[node] for node in nodes)


def _single_fits(network: Network, plan: Plan, task: Task) -> bool:
    """Whether a crew visit could be served by one of its members alone."""
    trial = Network(with_task(network.problem, task), network.travel)
    schedule, _ = schedule_of(trial, plan)
    return _inserted(schedule, task) is not None


def with_task(problem: Problem, task: Task) -> Problem:
    """The problem with the task of the same id replaced. Pins on crew members that are gone are dropped."""
    pins = problem.pins
    if isinstance(task, Visit):
        pins = tuple(p for p in pins if p.stop.id != task.id or p.stop.member < len(task.crew))
    return replace(
        problem,
        visits=tuple(task if v.id == task.id and isinstance(task, Visit) else v for v in problem.visits),
        deliveries=tuple(task if d.id == task.id and isinstance(task, Delivery) else d for d in problem.deliveries),
        pins=pins,
    )
