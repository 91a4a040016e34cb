"""A task taken out of a plan and put back elsewhere, as often as asked, each time at the whole plan's exact cost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace

from dispatch.cost import cost_of
from dispatch.exact.timing import timed
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.timing.assembly import hold_starts, routes_of, schedule_of
from dispatch.timing.insertion import Inserter, Way
from dispatch.timing.network import Network
from dispatch.timing.positions import Lane
from dispatch.timing.schedule import Schedule

TIMING_SECONDS = 0.5  # for the exact timing of one way; it usually takes milliseconds
MOST_WAYS = 200  # other places in one route that are tried, the shortest detours first

Found = tuple[dict[int, int], int]  # starts of the task's nodes; what the plan costs more than now


class Trial:
    """`before` is the plan's schedule, `without` the same without the task; neither is ever changed."""

    def __init__(self, problem: Problem, plan: Plan, task: str, *, until: float) -> None:
        self.problem = problem
        self.until = until
        self.network = Network(problem)
        self.task = self.network.tasks[task]
        self.nodes = self.network.bundles[self.task].nodes
        self.before, _ = schedule_of(self.network, plan)
        hold_starts(self.before, plan)
        self.without = self.before.copy()
        touched = self.without.coupled({self.before.shift_of[number] for number in self.nodes})
        self.without.remove([self.task])
        for number in self.nodes:
            self.without.bounds.pop(number, None)  # elsewhere it may start earlier than here
        left = [entry.id for entry in plan.unassigned]
        self.cost = cost_of(problem, plan.routes, left)["total"]
        self.penalty = cost_of(problem, (), [task])["total"] - cost_of(problem, (), [])["total"]
        self.saves = self.cost - (self._timed(self.without, touched)[1] - self.penalty)

    def promising(self, shifts: Iterable[int]) -> list[int]:
        """The shifts in the order of their least detour for the task, so that a short trial meets the best."""
        ranked = []
        for shift in shifts:
            lane, number = Lane(self.without, shift), self.nodes[0]
            allowed = lane.positions(number)
            ranked.append((min((position.cost for position in allowed), default=1 << 60), shift))
        return [shift for _, shift in sorted(ranked)]

    def best(self, kept_to: Mapping[int, int], *, elsewhere: bool = False) -> Found | None:
        """The cheapest way to put the task back with each node on the shift it is kept to; with `elsewhere` in another
        order than before. None if there is none."""
        twin = copy(self.network)
        twin.nodes = list(self.network.nodes)
        for number, shift in kept_to.items():
            twin.nodes[number] = replace(twin.nodes[number], allowed=[shift])
        touched = self.without.coupled({*kept_to.values()})
        schedule = self._free(twin, touched)
        if not elsewhere:
            return self._found(schedule, touched) if Inserter(schedule).insert(self.task) else None
        ranked = sorted(Inserter(schedule).ways(self.task), key=lambda way: way[0])[:MOST_WAYS]
        tried = (self._way(schedule, way, touched) for way in ranked if time.monotonic() <= self.until)
        return min((found for found in tried if found is not None), key=lambda found: found[1], default=None)

    def _free(self, network: Network, shifts: set[int]) -> Schedule:
        """The plan without the task, these shifts not bound to their published starts."""
        schedule = self.without.copy()
        schedule.network = network
        schedule.refresh(shifts)
        return schedule

    def _way(self, schedule: Schedule, way: Way, touched: set[int]) -> Found | None:
        trial = schedule.copy()
        sequences = Inserter(trial).sequences(way)
        if all(self.before.sequences[shift] == sequence for shift, sequence in sequences.items()):
            return None
        return self._found(trial, touched) if trial.settle(sequences) else None

    def _found(self, schedule: Schedule, touched: set[int]) -> Found:
        exact, price = self._timed(schedule, touched)
        return ({number: exact.starts[number] for number in self.nodes}, price - self.cost)

    def _timed(self, schedule: Schedule, touched: set[int]) -> tuple[Schedule, int]:
        """The schedule with these shifts timed exactly, and what the whole plan then costs."""
        touched = schedule.coupled(touched)
        exact = timed(schedule, seconds=TIMING_SECONDS, seed=0, work=TIMING_SECONDS, among=touched)
        left = [self.network.bundles[index].task.id for index in exact.unserved()]
        return exact, cost_of(self.problem, routes_of(exact), left)["total"]
