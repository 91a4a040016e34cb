"""Cutting a day into pieces of about a given size, by halves, across the longer side.

Recursive bisection of the tasks (Berger & Bokhari 1987, doi:10.1109/TC.1987.1676942): each cut parts the tasks in
proportion to the pieces on its two sides. The shifts follow by where they start, then some change sides until every
need has its share of those who can meet it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dispatch.pieces.demand import Demand
from dispatch.pieces.ground import Ground, Points
from dispatch.pieces.piece import Piece
from dispatch.pieces.ties import knots
from dispatch.problem import Problem

EVEN = 1e-9  # of a shift: no imbalance at all
DISTANCE_WEIGHT = 0.1  # shifts out of balance that are worth a start on the far edge of the wrong side

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def cut(problem: Problem, size: int) -> list[Piece]:
    """Pieces of at most `size` tasks, each with its shifts; larger only where ties leave no choice."""
    return _Cutter(problem, size).pieces()


def halves(points: Points, weights: Ints, share: float, angle: float) -> NDArray[np.bool_]:
    """True for what lies on the lower side of a cut that leaves it `share` of the weight: across the longer of the two
    axes that are turned by `angle`."""
    turned = points @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spread = np.ptp(turned, axis=0)
    along = turned[:, int(np.argmax(spread))]
    order = np.argsort(along, kind="stable")
    before = np.cumsum(weights[order]) - weights[order] / 2
    lower = np.zeros(len(points), bool)
    lower[order[before < share * weights.sum()]] = True
    return lower


class _Cutter:
    """Knots by number. Those without tasks are shifts that go where they are needed."""

    def __init__(self, problem: Problem, size: int) -> None:
        self.knots, self.size = knots(problem), size
        self.demand = Demand(problem)
        ground = Ground(problem)
        rows = {task: row for row, task in enumerate(problem.tasks)}
        lines = {shift.id: line for line, shift in enumerate(problem.shifts)}
        self.rows = [np.array([rows[task] for task in knot.tasks], np.int64) for knot in self.knots]
        self.lines = [np.array([lines[shift] for shift in knot.shifts], np.int64) for knot in self.knots]
        self.weights = np.array([len(knot.tasks) for knot in self.knots], np.int64)
        self.points = np.array(
            [
                np.mean([ground.task(problem.tasks[task]) for task in knot.tasks], axis=0)
                if knot.tasks
                else np.mean([ground.place(problem.shift_of[shift].start) for shift in knot.shifts], axis=0)
                for knot in self.knots
            ]
        ).reshape(-1, 2)

    def pieces(self) -> list[Piece]:
        working = np.flatnonzero(self.weights > 0)
        return [self._piece(part) for part in self._parts(working, np.flatnonzero(self.weights == 0))]

    def _piece(self, part: Ints) -> Piece:
        return Piece(
            frozenset(task for number in part for task in self.knots[number].tasks),
            frozenset(shift for number in part for shift in self.knots[number].shifts),
        )

    def _parts(self, working: Ints, free: Ints) -> Iterator[Ints]:
        count = ceil(self.weights[working].sum() / self.size)
        if count <= 1 or len(working) < 2:
            yield np.concatenate([working, free])
            return
        lower = halves(self.points[working], self.weights[working], (count // 2) / count, 0.0)
        if lower.all() or not lower.any():  # one knot outweighs all others
            lower = np.arange(len(working)) == int(np.argmax(self.weights[working]))
        low, high = working[lower], working[~lower]
        side = self._side(low, high, free)
        yield from self._parts(low, free[side])
        yield from self._parts(high, free[~side])

    def _side(self, low: Ints, high: Ints, free: Ints) -> NDArray[np.bool_]:
        """Which of the free shifts go to the lower side."""
        if len(free) == 0:
            return np.zeros(0, bool)
        asked_low, asked_high = (
            self.demand.asked(np.concatenate([self.rows[knot] for knot in part])) for part in (low, high)
        )
        asked = asked_low + asked_high
        used = asked > 0
        tied = [line for knot in (*low, *high) for line in self.lines[knot]]
        groups = [self.lines[knot] for knot in free]
        shares = self.demand.shares(np.array([*tied, *np.concatenate(groups)], np.int64), asked)[:, used]
        given = shares[: sum(len(self.lines[knot]) for knot in low)].sum(axis=0)
        wanted = shares.sum(axis=0) * asked_low[used] / asked[used]
        edges = np.cumsum([len(tied), *(len(group) for group in groups)])
        each = np.array([shares[a:b].sum(axis=0) for a, b in pairwise(edges)])
        return balanced(each, wanted - given, self._depth(low, high, free))

    def _depth(self, low: Ints, high: Ints, free: Ints) -> Floats:
        """How far each free shift starts on the lower side (negative) or the upper, of the tasks' extent."""
        centres = [np.average(self.points[part], axis=0, weights=self.weights[part]) for part in (low, high)]
        way = centres[1] - centres[0]
        length = float(np.hypot(*way))
        if length == 0 or not np.ptp(self.points[free], axis=0).any():
            return np.zeros(len(free))  # all start at one depot: place says nothing
        along: Floats = (self.points[free] - (centres[0] + centres[1]) / 2) @ way / length**2
        return along


def balanced(shares: Floats, wanted: Floats, depth: Floats) -> NDArray[np.bool_]:
    """Which shifts go to the lower side, so that their `shares` (shifts × needs) add up to what is `wanted` there, and
    few are far from home. `depth` is negative on the lower side; ties of place are broken by number.

    From the choice that place alone would make, the change that helps most is made until none does."""
    lower = depth < 0 if depth.any() else np.arange(len(depth)) < round(_part(shares, wanted) * len(depth))
    missing = wanted - shares[lower].sum(axis=0)
    for _ in range(2 * len(depth)):
        change = np.where(lower[:, None], -shares, shares)  # what changing sides adds to the lower one
        imbalance = np.abs(missing - change).sum(axis=1) - np.abs(missing).sum()
        strays = DISTANCE_WEIGHT * np.where(lower, -2, 2) * depth  # how much farther from home
        best = int(np.argmin(imbalance + strays))
        if imbalance[best] + strays[best] > -EVEN:
            break
        missing = missing - change[best]
        lower[best] = not lower[best]
    return lower


def _part(shares: Floats, wanted: Floats) -> float:
    return float(np.clip(wanted.sum() / max(EVEN, shares.sum()), 0, 1))
