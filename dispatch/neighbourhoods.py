"""Small neighbourhoods of a plan, each made as cheap as it can be: a few routes that pass near one another are opened
with all they serve, and CP-SAT finds the best way to share them out, or proves that it is the present one.

What no neighbourhood can better any more is not the cheapest plan, but no exchange among those routes is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dispatch.errors import DayTooLarge
from dispatch.pieces.ground import Ground, Points
from dispatch.pieces.merge import merged
from dispatch.pieces.opening import Day, Opening
from dispatch.pieces.piece import Piece
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.proof.bound import lower_bound
from dispatch.refine import EXPLAINING_SECONDS, Clock, accounted, refuse_broken
from dispatch.stopping import Stop

MOST_TASKS = 26  # of a neighbourhood: two routes of a usual day
MOST_UNSERVED = 4  # of them at the most
SECONDS_EACH = 5.0

Heard = Callable[[float, int], None]  # (seconds, cost of the whole plan)


@dataclass(frozen=True, slots=True)
class Polished:
    """The plan, how many neighbourhoods were opened, and how many of them are proved to be cheapest as they are."""

    plan: Plan
    opened: int
    proved: int


def polish(
    problem: Problem, plan: Plan, *, seconds: float, heard: Heard | None = None, stop: Stop | None = None
) -> Polished:
    """Open the neighbourhood of every route once, within `seconds`. The plan must keep the day's rules; the one that
    comes back does, and costs no more. `heard` is told after each; once `stop` is true, no more are opened."""
    clock, routes = Clock(seconds), Neighbours(problem, plan)
    opened = proved = 0
    for shift in [route.shift for route in plan.routes]:
        left = seconds - clock.spent
        if left <= 0 or (stop is not None and stop()):
            break
        opening = routes.around(shift)
        if opening is None:
            continue
        try:
            found = lower_bound(opening.problem, opening.plan, seconds=min(SECONDS_EACH, left))
        except DayTooLarge:
            continue
        opened, proved = opened + 1, proved + found.is_optimal
        routes.take(opening, found.plan)
        if heard is not None:
            heard(clock.spent, routes.plan.cost["total"])
    return Polished(_complete(problem, plan, routes.plan), opened, proved)


class Neighbours:
    """The routes of a plan as they stand, and which of them lie near one another."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.ground = problem, Ground(problem)
        self.routes = {route.shift: route for route in plan.routes}
        self.plan = merged(problem, self.routes)

    def around(self, shift: str) -> Opening | None:
        """A route and those nearest to it, as many as hold few enough tasks together, with what is unserved near by;
        None if it would be alone."""
        if shift not in self.routes:
            return None
        day = Day(self.problem, self.routes)
        here = self._middle(day, shift)
        others = sorted((other for other in self.routes if other != shift), key=self._from(here, day))
        chosen, tasks = [shift], len(day.served(shift))
        for other in others:
            tasks += len(day.served(other))
            if tasks > MOST_TASKS:
                break
            chosen.append(other)
        if len(chosen) == 1:
            return None
        unserved = sorted(day.unserved(), key=lambda task: self._away(self._door(task), here))
        return day.open(Piece(frozenset(unserved[:MOST_UNSERVED]), frozenset(chosen)))

    def take(self, opening: Opening, plan: Plan) -> None:
        """Put a neighbourhood's plan in the place of its present routes, if the whole is cheaper for it."""
        inside = {shift.id for shift in opening.problem.shifts}
        fresh = {shift: route for shift, route in self.routes.items() if shift not in inside}
        fresh |= {route.shift: route for route in opening.routes(plan)}
        whole = merged(self.problem, fresh)
        if whole.cost["total"] < self.plan.cost["total"]:
            self.routes, self.plan = fresh, whole

    def _from(self, here: Points, day: Day) -> Callable[[str], float]:
        return lambda shift: self._away(self._middle(day, shift), here)

    def _middle(self, day: Day, shift: str) -> Points:
        middle: Points = np.mean([self._door(task) for task in day.served(shift)], axis=0)
        return middle

    def _door(self, task: str) -> Points:
        return self.ground.task(self.problem.tasks[task])

    @staticmethod
    def _away(one: Points, two: Points) -> float:
        return float(((one - two) ** 2).sum())


def _complete(problem: Problem, plan: Plan, found: Plan) -> Plan:
    if found.cost["total"] >= plan.cost["total"]:
        return plan
    refuse_broken(problem, found)
    told = accounted(problem, found, explaining=EXPLAINING_SECONDS)
    return replace(told, seed=plan.seed, iterations=plan.iterations, seconds=plan.seconds)
