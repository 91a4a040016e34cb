"""What the live kernels have besides facts and state: promises, what has begun, and room for the places of a task.

n legs, m routes, p places kept for one task. As in the search, kernels are given one handle to all arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.search import columns as c
from dispatch.search.handles import Handle

Ints = NDArray[np.int64]

NOW, KEEP, KEPT, FOUND, TRIED, THOROUGH, MIRRORED, ROUNDED = range(8)  # places in `counters`
FIRST, SHUT = range(2)  # columns of `legs`
BOUND, PRED, BEHIND, EARLIEST, LATE, FITS_AT, THEN, FAILS_AT = range(8)  # columns of `places`
COST, KEY, LATER_KEY, SECOND, PREDS = range(5)  # columns of `best`; a predecessor per member from PREDS on
MOST_PLACES = 1 << 15
MOST_KEPT = 32
MOST_CREW = 6


class Live(NamedTuple):
    """Everything the live kernels read and write. Kernels are given `handle`."""

    windows: Ints  # (·, 2) as the problem has them; those in the facts are cut off where a start is promised
    legs: Ints  # (n, 2) a leg's first window and its last possible start, as the problem has them
    promise: Ints  # (n,) the start that a plan promised; −1 while not served
    begun: NDArray[np.bool_]  # (n,) it has started: its start is a fact
    tails: Ints  # (m,) the last stop of a route that has begun or is driven to: nothing is put before or ahead of it
    closed: NDArray[np.bool_]  # (m,) nothing may be added
    counters: Ints
    setup: Ints  # (places,) paid on arrival from elsewhere
    places: Ints  # (p, 8) of one leg or delivery: bound of its cost, predecessors, earliest and latest start, and when
    # a crew's member was found to fit there by herself, or not
    heap: Ints  # (p,) their numbers, the cheapest first
    best: Ints  # (MOST_KEPT, PREDS + crew) the cheapest ways found so far, timed exactly
    walk: Ints  # (8, crew) where a search through a crew's combinations stands
    bears: Ints  # (N,) how many seconds the way to a stop may grow by for the rides that pass it, at most
    rested: Ints  # (N,) the latest start of a stop behind which the route's last break is still to be taken, at most

    def handle(self) -> Handle:
        """What kernels are given."""
        return Handle(self, rows=("legs", "places", "windows"))


def new_live(legs: Ints, windows: Ints, setup: Ints, *, routes: int, crew: int) -> Live:
    """Nothing promised, nothing begun. `legs`, `windows` are the facts' own, `setup` is shared."""
    count = len(legs) - 2 * routes
    return Live(
        windows=windows.copy(),
        legs=legs[:count, [c.FIRST_WINDOW, c.CLOSE]].copy(),
        promise=np.full(count, -1, np.int64),
        begun=np.zeros(count, np.bool_),
        tails=np.arange(count, count + routes),
        closed=np.zeros(routes, np.bool_),
        counters=np.zeros(8, np.int64),
        setup=setup,
        places=np.zeros((MOST_PLACES, 8), np.int64),
        heap=np.zeros(MOST_PLACES, np.int64),
        best=np.zeros((MOST_KEPT, PREDS + crew), np.int64),
        walk=np.zeros((8, crew + 1), np.int64),
        bears=np.full(len(legs), c.FOREVER, np.int64),
        rested=np.full(len(legs), c.FOREVER, np.int64),
    )
