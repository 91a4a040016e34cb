"""The least that a caregiver needs from one place to another, over whatever she may do in between, until she may begin
there: setup is paid wherever she comes from another place.

A measured table may be longer straight on than over a third place, and a visit may leave her elsewhere in less time
than the way takes, and with no setup to pay there. So the straight way is only where the search for a shorter one
begins. On a globe no way over a third place is shorter, so that only the ends of such visits are looked through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.places import GreatCircle
from dispatch.problem import Problem
from dispatch.travel import seconds_among, single_ways

Ints = NDArray[np.int64]

MOST_PLACES = 3_000  # that are looked through; nothing is said where there are more


def least_way(problem: Problem, mode: str, left: str, goal: str, *, enough: int) -> int:
    """At least how many seconds it takes; the straight way at once if it is no longer than `enough`. 0 if too many
    places would have to be looked through."""
    index = problem.place_index
    if left == goal:
        return 0
    ((straight,), _) = single_ways(problem, mode, [(index[left], index[goal])])
    straight += problem.places[index[goal]].setup_seconds
    if straight <= enough:
        return straight
    places = _worth_a_look(problem, mode, left, goal)
    if len(places) > MOST_PLACES:
        return 0
    rank = {place: number for number, place in enumerate(places)}
    found = _shortest(_steps(problem, mode, rank), rank[index[left]], rank[index[goal]])
    return max(0, found - _rounded(problem, mode))


def _worth_a_look(problem: Problem, mode: str, left: str, goal: str) -> list[int]:
    """The rows of places over which a way may be shorter, both of its own among them."""
    index = problem.place_index
    if not isinstance(problem.travel[mode], GreatCircle):
        return list(range(len(problem.places)))
    ends = (place for visit in problem.visits if visit.end is not None for place in (visit.place, visit.end))
    return sorted({index[place] for place in (left, goal, *ends)})


def _rounded(problem: Problem, mode: str) -> int:
    """What rounding may add to a way on a globe: ways over third places are not looked at there."""
    return 1 if isinstance(problem.travel[mode], GreatCircle) else 0


def _steps(problem: Problem, mode: str, rank: dict[int, int]) -> Ints:
    """(n, n) the least from one place to the next: the way and the setup, or a visit that ends there."""
    rows = list(rank)
    steps = seconds_among(problem, mode, rows) + np.array([problem.places[row].setup_seconds for row in rows], np.int64)
    np.fill_diagonal(steps, 0)
    for visit in problem.visits:
        if visit.end is not None:
            place, end = rank[problem.place_index[visit.place]], rank[problem.place_index[visit.end]]
            steps[place, end] = min(int(steps[place, end]), *(member.service_seconds for member in visit.crew))
    return steps


def _shortest(steps: Ints, begin: int, goal: int) -> int:
    """Dijkstra's shortest way in a dense table."""
    reached = steps[begin].copy()
    reached[begin] = 0
    open_ = np.ones(len(reached), np.bool_)
    while True:
        place = int(np.argmin(np.where(open_, reached, np.iinfo(np.int64).max)))
        if place == goal:
            return int(reached[goal])
        open_[place] = False
        np.minimum(reached, reached[place] + steps[place], out=reached)
