"""How the work of a day falls on its shifts: needs (what a task asks for, and when) and who is able to meet them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Task

SPAN_SECONDS = 7200  # needs that arise within the same two hours are one
TRAVEL_SECONDS = 300  # of the way to a stop, roughly: a lunch is more than the minute at the door

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Need = tuple[frozenset[str], frozenset[str], int, int]  # skills, load's dimensions, first and last second to start


class Demand:
    """The needs of a problem's tasks, by row (in its order), and `able[s, n]`: whether shift s meets need n."""

    def __init__(self, problem: Problem) -> None:
        numbers: dict[Need, int] = {}
        asked = [
            [(numbers.setdefault(need, len(numbers)), seconds) for need, seconds in _needs(task)]
            for task in problem.tasks.values()
        ]
        self.rows = [np.array([number for number, _ in needs], np.int64) for needs in asked]
        self.seconds = [np.array([seconds for _, seconds in needs], np.float64) for needs in asked]
        self.count = len(numbers)
        self.able = np.array(
            [[_meets(shift, need) for need in numbers] for shift in problem.shifts], dtype=bool
        ).reshape(len(problem.shifts), len(numbers))

    def asked(self, tasks: Ints) -> Floats:
        """(needs) seconds that these tasks ask of each need."""
        needs = np.concatenate([self.rows[row] for row in tasks])
        weights = np.concatenate([self.seconds[row] for row in tasks])
        return np.bincount(needs, weights, self.count).astype(np.float64)

    def shares(self, shifts: Ints, asked: Floats) -> Floats:
        """(shifts, needs): which part of each shift's time goes to each need, if every need is spread evenly over all
        of these shifts that can meet it. A shift that no need asks for has none."""
        able = self.able[shifts].astype(np.float64)
        load = able * (asked / np.maximum(1.0, able.sum(axis=0)))
        total = load.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(load, total, out=np.zeros_like(load), where=total > 0)
        return shares


def _needs(task: Task) -> list[tuple[Need, float]]:
    if isinstance(task, Delivery):
        carried = frozenset(name for name, amount in task.load.items() if amount)
        seconds = task.pickup.service_seconds + task.dropoff.service_seconds + TRAVEL_SECONDS
        return [((task.skills, carried, *_span(task.dropoff.windows)), seconds)]
    return [
        ((member.skills, frozenset(), *_span(task.windows)), member.service_seconds + TRAVEL_SECONDS)
        for member in task.crew
    ]


def _span(windows: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    return (windows[0][0] // SPAN_SECONDS * SPAN_SECONDS, -(-windows[-1][1] // SPAN_SECONDS) * SPAN_SECONDS)


def _meets(shift: Shift, need: Need) -> bool:
    skills, carried, first, last = need
    return (
        skills <= shift.skills
        and all(shift.capacity.get(name, 0) > 0 for name in carried)
        and first < shift.window[1]
        and last > shift.window[0]
    )
