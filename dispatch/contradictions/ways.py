"""The least that a caregiver needs from one place to another, over whatever she may do in between.

A measured table may be longer straight on than over a third place, and a visit may leave her elsewhere in less time
than the way takes. So the straight way is only where the search for a shorter one begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.problem import Problem
from dispatch.travel import Table

MOST_PLACES = 3_000  # of a table that is looked through; nothing is said of longer ones


def least_way(problem: Problem, table: Table, left: str, goal: str, *, enough: int) -> int:
    """At least how many seconds it takes; the straight way at once if it is no longer than `enough`. 0 if too many
    places would have to be looked through."""
    index = problem.place_index
    straight = 0 if left == goal else int(table.seconds[index[left]][index[goal]])
    if straight <= enough:
        return straight
    if len(problem.places) > MOST_PLACES:
        return 0
    seconds = np.array(table.seconds, np.int64)
    for visit in problem.visits:
        if visit.end is not None:
            place, end = index[visit.place], index[visit.end]
            seconds[place, end] = min(int(seconds[place, end]), *(member.service_seconds for member in visit.crew))
    return _shortest(seconds, index[left], index[goal])


def _shortest(seconds: NDArray[np.int64], begin: int, goal: int) -> int:
    """Dijkstra's shortest way in a dense table."""
    reached = seconds[begin].copy()
    reached[begin] = 0
    open_ = np.ones(len(reached), np.bool_)
    while True:
        place = int(np.argmin(np.where(open_, reached, np.iinfo(np.int64).max)))
        if place == goal:
            return int(reached[goal])
        open_[place] = False
        np.minimum(reached, reached[place] + seconds[place], out=reached)
