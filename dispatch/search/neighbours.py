"""Candidate lists: what could well stand before and after a leg, and which legs are near one another.

After Vidal et al. 2013 (doi:10.1016/j.cor.2012.07.018), section 4.4: nearness is the cost of the way plus the waiting
and the lateness that the two windows make unavoidable; pairs whose windows cannot follow one another are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.search import columns as c

CANDIDATES = 50
PICKUPS = 5  # of them at most at one place, or all the boxes of one kitchen would fill the lists
NEAR = 300
WAIT_WEIGHT = 0.2
BLOCK = 512  # rows worked on at once, so that no square of all legs is held

Ints = NDArray[np.int64]


class Nearness(NamedTuple):
    """Rows of numbers, nearest first; −1 ends a row early."""

    before: NDArray[np.int32]  # (legs, ≤ CANDIDATES) likely predecessors
    after: NDArray[np.int32]  # (legs, ≤ CANDIDATES) likely successors
    near: Ints  # (legs, ≤ NEAR) legs by the cost of the way to them, itself first; of a crew the first


def nearness(legs: Ints, tasks: Ints, clock: NDArray[np.int32], price: NDArray[np.integer]) -> Nearness:
    """Candidates of all legs and tasks by one mode's travel."""
    count = len(legs)
    if count < 2:
        none = np.full((max(1, count), 1), -1, np.int32)
        return Nearness(none, none, np.zeros((max(1, count), 1), np.int64))
    keep = min(CANDIDATES, count - 1)
    before = np.full((count, keep), -1, np.int32)
    after = np.full((count, keep), -1, np.int32)
    for first in range(0, count, BLOCK):
        rows = np.arange(first, min(count, first + BLOCK))
        everyone = np.arange(count)
        before[rows] = _likely(_following(legs, everyone, rows, clock, price).T, legs, keep)
        after[rows] = _likely(_following(legs, rows, everyone, clock, price), legs, keep)
    return Nearness(before, after, _near(legs, tasks, price))


def _following(
    legs: Ints, one: Ints, two: Ints, clock: NDArray[np.int32], price: NDArray[np.integer]
) -> NDArray[np.float64]:
    """How badly each of `two` follows each of `one`; infinite where it cannot, or is the same task."""
    leaves, place = legs[one, c.LEAVES][:, None], legs[two, c.PLACE][None, :]
    way = clock[leaves, place]
    earliest = (legs[one, c.OPEN] + legs[one, c.SERVICE])[:, None] + way
    latest = (np.minimum(legs[one, c.CLOSE], legs[one, c.SOFT]) + legs[one, c.SERVICE])[:, None] + way
    wait = np.maximum(0, legs[two, c.OPEN][None, :] - latest)
    late = np.maximum(0, earliest - legs[two, c.SOFT][None, :])
    cost: NDArray[np.float64] = price[leaves, place] + WAIT_WEIGHT * wait + (legs[two, c.LATE][None, :] * late)
    same = legs[one, c.TASK][:, None] == legs[two, c.TASK][None, :]
    cost[same | (earliest > legs[two, c.CLOSE][None, :])] = np.inf
    return cost


def _likely(cost: NDArray[np.float64], legs: Ints, keep: int) -> Ints:
    """The nearest columns of each row, but no more than PICKUPS pickups at one place. Changes `cost`."""
    pickups = np.flatnonzero(legs[:, c.KIND] == c.PICKUP)
    places, counts = np.unique(legs[pickups, c.PLACE], return_counts=True)
    for place in places[counts > PICKUPS]:
        here = pickups[legs[pickups, c.PLACE] == place]
        nearest = np.argpartition(cost[:, here], PICKUPS - 1, axis=1)[:, :PICKUPS]
        kept = np.take_along_axis(cost[:, here], nearest, 1)
        cost[:, here] = np.inf
        np.put_along_axis(cost, here[nearest], kept, 1)
    return _nearest(cost, keep)


def _nearest(cost: NDArray[np.float64], keep: int) -> Ints:
    part = np.argpartition(cost, keep - 1, axis=1)[:, :keep]
    values = np.take_along_axis(cost, part, 1)
    order = np.argsort(values, axis=1, kind="stable")
    found = np.take_along_axis(part, order, 1).astype(np.int64)
    found[np.isinf(np.take_along_axis(values, order, 1))] = -1
    return found


def _near(legs: Ints, tasks: Ints, price: NDArray[np.integer]) -> Ints:
    """Legs by nearness in travel alone, whatever their windows."""
    numbers, first_leg = np.arange(len(legs)), tasks[legs[:, c.TASK], c.FIRST_LEG]
    loaded = numbers < first_leg  # what is picked up as the route begins stands nowhere
    others = (legs[:, c.KIND] == c.VISIT) & (numbers > first_leg)
    keep = min(NEAR, len(legs))
    near = np.empty((len(legs), keep), np.int64)
    for first in range(0, len(legs), BLOCK):
        rows = numbers[first : first + BLOCK]
        cost = price[legs[rows, c.LEAVES][:, None], legs[:, c.PLACE][None, :]].astype(np.float64)
        cost[:, loaded | others] = np.inf
        cost[rows - first, rows] = -1.0
        near[rows] = _likely(cost, legs, keep)
    return near
