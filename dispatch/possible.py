"""What the problem alone forbids: reasons why a task could not be served even on an otherwise empty day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dispatch.plan import Reason
from dispatch.problem import HORIZON_SECONDS
from dispatch.sentences import sentence
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule


def impossibilities(network: Network, task: Task) -> list[Reason]:
    """Reasons that hold whatever else is planned; empty if the task alone could be served."""
    if not network.shifts:
        return [Reason("no_shift", sentence("nobody"))]
    reasons = [reason for need in _needs(task) for reason in _unable(network, task, need)]
    reasons = list(dict.fromkeys(reasons))
    if reasons or alone(network, task):
        return reasons
    return [_why_not_alone(network, task)]


def _needs(task: Task) -> list[frozenset[str]]:
    return [task.skills] if isinstance(task, Delivery) else [member.skills for member in task.crew]


def _unable(network: Network, task: Task, skills: frozenset[str]) -> list[Reason]:
    """The first test, in this order, that no shift passes: skill, exclusion, load, duty, pin."""
    tests: list[tuple[str, str, Callable[[Shift], bool]]] = [
        ("skill", sentence("no_skill", skills=", ".join(sorted(skills))), lambda s: skills <= s.skills),
        ("excluded", sentence("all_excluded"), lambda s: s.caregiver not in task.excluded),
        ("capacity", sentence("too_heavy"), lambda s: _carries(s, task)),
        ("no_shift", sentence("off_duty"), lambda s: _on_duty(network, task, s)),
    ]
    able = list(network.shifts)
    for code, detail, passes in tests:
        able = [shift for shift in able if passes(shift)]
        if not able:
            return [Reason(code, detail)]
    return []


def _carries(shift: Shift, task: Task) -> bool:
    return isinstance(task, Visit) or shift.has_aboard(task.id) or shift.holds(task.load)


def _on_duty(network: Network, task: Task, shift: Shift) -> bool:
    """Whether every stop of the task has a window that meets the shift's. Soft ends count as open."""
    nodes = [network.nodes[number] for number in network.bundles[network.tasks[task.id]].nodes]
    return all(shift.is_on_duty(node.windows, soft=node.late_weight is not None) for node in nodes)


def alone(network: Network, task: Task) -> bool:
    """Whether the task can be served on a day with nothing else: by inserting it."""
    return Inserter(Schedule(network)).insert(network.tasks[task.id])


def _why_not_alone(network: Network, task: Task) -> Reason:
    """Which one rule, lifted, would let the task in on an empty day."""
    problem = network.problem
    if any(pin.stop.id == task.id for pin in problem.pins):
        free = replace(problem, pins=tuple(pin for pin in problem.pins if pin.stop.id != task.id))
        if alone(Network(free, network.travel), task):
            return Reason("pin", sentence("bad_pin"))
    if isinstance(task, Visit) and len(task.crew) > 1:
        single = all(_alone_as(network, replace(task, crew=(member,))) for member in task.crew)
        if single:
            return Reason("crew", sentence("no_crew", count=len(task.crew)))
    if isinstance(task, Delivery) and _alone_as(network, replace(task, max_ride_seconds=None)):
        return Reason("distance", sentence("long_ride"))
    if _alone_as(network, _unhurried(task)):
        return Reason("distance", sentence("too_far"))
    if not _reachable(network, task):
        return Reason("distance", sentence("out_of_reach"))
    return Reason("window", sentence("too_long"))


def _alone_as(network: Network, task: Task) -> bool:
    problem = network.problem
    changed = replace(
        problem,
        visits=(task,) if isinstance(task, Visit) else (),
        deliveries=(task,) if isinstance(task, Delivery) else (),
        relations=(), pins=(), baseline=None,
        shifts=tuple(replace(shift, aboard=()) for shift in problem.shifts),
    )  # fmt: skip
    return alone(Network(changed, network.travel), task)


def _unhurried(task: Task) -> Task:
    whole = ((0, HORIZON_SECONDS),)
    if isinstance(task, Visit):
        return replace(task, windows=whole)
    return replace(task, pickup=replace(task.pickup, windows=whole), dropoff=replace(task.dropoff, windows=whole))


def _reachable(network: Network, task: Task) -> bool:
    """Whether for each stop the way from some able shift's start is no longer than that shift."""
    nodes = [network.nodes[number] for number in network.bundles[network.tasks[task.id]].nodes]

    def reaches(shift: int, place: int) -> bool:
        opens, closes = network.shifts[shift].window
        return network.rows[shift].seconds[network.starts[shift]][place] <= closes - opens

    return all(any(reaches(shift, node.place) for shift in node.allowed) for node in nodes)
