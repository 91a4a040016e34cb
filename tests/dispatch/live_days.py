"""Small random days under way, and a slow second opinion on where a task fits best."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from dispatch import LivePlan, solve
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.shifts import Break
from dispatch.tasks import Delivery, Task, Visit
from dispatch.timing.assembly import schedule_of
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule
from tests.dispatch.builders import minutes, planned, problem, visit
from tests.dispatch.city import HOUR, district, spiced

Sequences = dict[int, list[int]]


def day(seed: int, *, tasks: int = 10, shifts: int = 4, spice: bool = False) -> tuple[Problem, Plan]:
    """A small day and a plan of it, quickly searched; without spice just windows, skills, crews, loads and rides."""
    found = (spiced if spice else district)(seed, tasks=tasks, shifts=shifts)
    if not spice:
        free = tuple(replace(shift, breaks=(), max_work_seconds=None) for shift in found.shifts)
        found = replace(found, shifts=free)
    return found, solve(found, seed=seed, time_limit_seconds=5, iterations=3)


def restful(seed: int, *, tasks: int = 10, shifts: int = 3, spice: bool = False) -> tuple[Problem, Plan]:
    """The same with two to five breaks for everybody, their windows close together."""
    chance = random.Random(seed * 7 + 1)
    found = (spiced if spice else district)(seed, tasks=tasks, shifts=shifts)
    roster = tuple(
        replace(one, breaks=_rests(chance), max_work_seconds=one.max_work_seconds if spice else None)
        for one in found.shifts
    )
    found = replace(found, shifts=roster)
    return found, solve(found, seed=seed, time_limit_seconds=5, iterations=3)


def _rests(chance: random.Random) -> tuple[Break, ...]:
    found, noon = [], 0
    for number in range(chance.randint(2, 5)):
        noon = noon or chance.choice((10, 11, 12, 13)) * HOUR
        begin = noon + chance.randrange(6) * 600
        end = begin + chance.choice((300, 600, 900, 1800, 3600))
        found.append(Break(f"b{number}", (begin, end), chance.choice((300, 600, 900))))
    return tuple(found)


def newcomer(found: Problem, seed: int) -> Task:
    """A task like one of the day's, of another id, at another time, for another elder."""
    chance = random.Random(seed)
    tasks: list[Task] = [*found.visits, *found.deliveries]
    task = chance.choice(tasks)
    if isinstance(task, Delivery):
        return replace(task, id="new", elder=None)
    begin = chance.randrange(8, 16) * HOUR
    return replace(task, id="new", elder="elder0", windows=((begin, begin + 2 * HOUR),), mandatory=False)


def second_opinion(found: Problem, plan: Plan, task: Task) -> int | None:
    """The least cost of serving a task by any combination of places, each timed by the slow engine with every start of
    the plan kept as a bound; None if it fits nowhere. A crew's members are not put where one's stop before starts after
    another's stop behind."""
    network = Network(found)
    schedule, _ = schedule_of(network, plan)
    starts = {network.node_of[key]: start for key, (_, start) in plan.starts().items()}
    assert schedule.retime(range(len(network.shifts)), starts)
    before, best = schedule.cost(), None
    bundle = network.bundles[network.tasks[task.id]]
    for changed in _ways(schedule, bundle.nodes, task, starts):
        trial = schedule.copy()
        if trial.settle(changed):
            cost = trial.cost() - before + bundle.penalty
            best = cost if best is None else min(best, cost)
    return best


def _ways(schedule: Schedule, nodes: list[int], task: Task, starts: Mapping[int, int]) -> Iterator[Sequences]:
    network, sequences = schedule.network, schedule.sequences
    if isinstance(task, Visit):
        places = [
            [(shift, slot) for shift in network.nodes[node].allowed for slot in range(len(sequences[shift]) + 1)]
            for node in nodes
        ]
        for chosen in product(*places):
            ahead = [starts[sequences[shift][slot - 1]] for shift, slot in chosen if slot]
            behind = [starts[sequences[shift][slot]] for shift, slot in chosen if slot < len(sequences[shift])]
            crossed = len(chosen) > 1 and ahead and behind and max(ahead) >= min(behind)
            if len({network.shifts[shift].caregiver for shift, _ in chosen}) == len(chosen) and not crossed:
                yield {
                    shift: [*sequences[shift][:slot], node, *sequences[shift][slot:]]
                    for node, (shift, slot) in zip(nodes, chosen, strict=True)
                }
        return
    for shift in network.nodes[nodes[0]].allowed:
        stops = sequences[shift]
        for first in range(len(stops) + 1):
            for last in range(first, len(stops) + 1):
                sequence = [*stops[:first], nodes[0], *stops[first:last], nodes[1], *stops[last:]]
                if _fits(network, shift, sequence):
                    yield {shift: sequence}


def _fits(network: Network, shift: int, sequence: list[int]) -> bool:
    """Whether loads are within the shift's capacity all the way."""
    load = list(network.initial[shift])
    for node in sequence:
        load = [have + more for have, more in zip(load, network.nodes[node].load, strict=True)]
        if any(have > most for have, most in zip(load, network.capacities[shift], strict=True)):
            return False
    return True


def nine_to_ten() -> tuple[LivePlan, Plan]:
    """One shift with a visit at p3 from 0:20 on and one at p6 at 1:00."""
    found = problem(
        visit("early", "p3", windows=(minutes(20, 40),)),
        visit("later", "p6", windows=(minutes(60, 90),)),
    )
    plan = planned(found)
    return LivePlan(found, plan), plan
