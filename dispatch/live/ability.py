"""Who may serve a task that has come up, and how much she is liked: one number per shift, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.problem import Problem
from dispatch.tasks import Delivery, Task


class Ability:
    """The shifts of a problem by what they are able to do."""

    def __init__(self, problem: Problem) -> None:
        self._shifts = problem.shifts
        self._weight = problem.objective.unpreferred
        self._skilled: dict[frozenset[str], NDArray[np.bool_]] = {}
        self._of_caregiver: dict[str, list[int]] = {}
        for number, shift in enumerate(problem.shifts):
            self._of_caregiver.setdefault(shift.caregiver, []).append(number)
        carried = [shift.capacity for shift in problem.shifts] + [delivery.load for delivery in problem.deliveries]
        names = {name for amounts in carried for name in amounts}
        self._room = {name: np.array([shift.capacity.get(name, 0) for shift in problem.shifts]) for name in names}

    def of(self, task: Task, skills: frozenset[str]) -> NDArray[np.bool_]:
        """(m,) whether each shift has the skills and the room and is not excluded."""
        if skills not in self._skilled:
            self._skilled[skills] = np.array([skills <= shift.skills for shift in self._shifts], np.bool_)
        able = self._skilled[skills].copy()
        for caregiver in task.excluded:
            able[self._of_caregiver.get(caregiver, [])] = False
        for name, amount in task.load.items() if isinstance(task, Delivery) else ():
            able &= self._room[name] >= amount
        return able

    def bonus(self, task: Task) -> NDArray[np.int64]:
        """(m,) the cost of coming instead of the best preferred caregiver."""
        costs = np.zeros(len(self._shifts), np.int64)
        if task.preferred and self._weight:
            best = max(task.preferred.values())
            costs[:] = self._weight * best
            for caregiver, bonus in task.preferred.items():
                costs[self._of_caregiver.get(caregiver, [])] = self._weight * (best - bonus)
        return costs
