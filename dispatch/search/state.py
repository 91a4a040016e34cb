"""The one state of all searches, and its log: what is touched is written down first, so that it can be undone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.search import columns as c
from dispatch.search.columns import (
    CLOSES,
    COUNT,
    DEP,
    FOREVER,
    KEY,
    LATEST,
    OPENS,
    PRED,
    ROUTE,
    SLACK,
    START,
    STATE_WIDTH,
    SUCC,
    TYPE_HERE,
    WAY,
)  # fmt: skip
from dispatch.search.compiled import inner, kernel
from dispatch.search.facts import Facts
from dispatch.search.handles import Handle

Ints = NDArray[np.int64]

# Places in `counters`. TOTAL is the cost but for what is measured over all routes at once; WAYS and LEFT_OUT are the
# parts of it that are ways and routes in use, and tasks left out; LATEST_OF_ALL the seconds that the latest stop is
# late; IN_USE the routes that have stops, MOST_IN_USE how many may. The first KEPT are what `undo` puts back. From
# TIMED_COST to CEILING they serve one settling: what timing added so far beyond ways, how late the latest is among
# stops timed now and as they were, what TIMED_COST must not exceed.
(
    TOTAL,
    UNSERVED,
    WAYS,
    LEFT_OUT,
    LATEST_OF_ALL,
    IN_USE,
    LOG_LENGTH,
    STAMP,
    DIRTY,
    BEHIND,
    BLINKING,
    TIMED_COST,
    LATE_NEW,
    LATE_OLD,
    CEILING,
    MOST_IN_USE,
) = range(16)
KEPT = 6
KEY_BITS = 20  # a key is a time and a fraction of a second
FIRST_KEY, LAST_KEY = -(1 << 62), 1 << 62  # of the sentinels
MOST_SPOTS = 8  # insertion places kept per leg


class State(NamedTuple):
    """n legs, m routes, N = n + 2m rows. Kernels are given `handle`."""

    rows: Ints  # (N, STATE_WIDTH), see `columns`
    loads: Ints  # (N, d) on departure; at a start sentinel what is aboard then
    counters: Ints  # (16,) see their places above
    dirty: Ints  # (N,) legs to be timed again, the next one last
    is_dirty: NDArray[np.bool_]
    behind: Ints  # (4N,) legs whose latest start may have changed
    mark: Ints  # (N,) stamp of the last time a row was logged
    log_legs: Ints
    log_rows: Ints
    log_loads: Ints
    spots: Ints  # (members, MOST_SPOTS, 4) cost, predecessor, second predecessor, start
    found: Ints  # (members,) how many of them
    choice: Ints  # (members,) the predecessor chosen for each member of a crew
    seen: Ints  # (1 + m,) a stamp, and the routes that bear it
    picked: Ints  # (1 + t,) the same for tasks
    absent: Ints  # (t,) in how many rounds a task was left out; not put back by `undo`
    unused: Ints  # (types,) no route of a type before this one is unused
    removed: Ints  # (t + 64,) tasks taken out
    ranks: NDArray[np.float64]  # (t + 64,) what they are sorted by
    moved: Ints  # (N,) legs on their way to another route
    least: Ints  # (N, 2) of one route: what a drop-off costs behind a leg, and at least behind it or a later one
    out: Ints  # (members, STATE_WIDTH) labels being made

    def handle(self) -> Handle:
        """What kernels are given."""
        return Handle(self, rows=("rows", "log_rows", "out", "least"))


def new_state(facts: Facts) -> State:
    """Nobody served: empty routes, all penalties due."""
    total, dimensions = len(facts.legs), facts.demand.shape[1]
    routes = len(facts.routes)
    count = total - 2 * routes
    members = max(2, int((facts.tasks[:, c.LAST_LEG] - facts.tasks[:, c.FIRST_LEG]).max(initial=1)))
    log = 16 * total + 4096
    rows = _aligned(total)
    rows[:count, [SUCC, PRED, ROUTE]] = -1
    start, end = np.arange(count, count + routes), np.arange(count + routes, total)
    rows[start, SUCC], rows[end, PRED] = end, start
    rows[end, SUCC] = -1
    rows[start, COUNT] = 0
    rows[start, ROUTE] = rows[end, ROUTE] = np.arange(routes)
    rows[start, KEY], rows[end, KEY] = FIRST_KEY, LAST_KEY
    rows[start, TYPE_HERE] = facts.routes[:, c.TYPE]
    rows[start, START] = rows[start, DEP] = facts.routes[:, OPENS]
    rows[start, SLACK] = FOREVER
    rows[start, WAY] = -facts.routes[:, c.USED]
    rows[end, LATEST] = rows[start, LATEST] = facts.routes[:, CLOSES]
    loads = np.zeros((total, dimensions), np.int64)
    loads[start] = facts.aboard
    counters = np.zeros(16, np.int64)
    counters[TOTAL] = counters[LEFT_OUT] = facts.tasks[:, c.PENALTY].sum()
    counters[UNSERVED], counters[MOST_IN_USE] = len(facts.tasks), routes
    return State(
        rows, loads, counters, np.zeros(total + 8, np.int64), np.zeros(total, np.bool_),
        np.zeros(4 * total + 64, np.int64), np.zeros(total, np.int64), np.zeros(log, np.int64),
        np.zeros((log, STATE_WIDTH), np.int64), np.zeros((log, dimensions), np.int64),
        np.zeros((members, MOST_SPOTS, 4), np.int64), np.zeros(members, np.int64),
        np.zeros(members, np.int64), np.zeros(1 + routes, np.int64),
        np.zeros(1 + len(facts.tasks), np.int64), np.zeros(len(facts.tasks), np.int64), facts.types[:-1].copy(),
        np.zeros(len(facts.tasks) + 64, np.int64), np.zeros(len(facts.tasks) + 64),
        np.zeros(total, np.int64), np.zeros((total, 2), np.int64), np.zeros((members, STATE_WIDTH), np.int64),
    )  # fmt: skip


def routes_in(state: State) -> list[tuple[int, ...]]:
    """Legs in driving order, by route."""
    routes = len(state.seen) - 1
    count = len(state.rows) - 2 * routes
    succ = state.rows[:, SUCC].tolist()
    found = []
    for number in range(routes):
        legs, leg = [], succ[count + number]
        while leg < count:
            legs.append(leg)
            leg = succ[leg]
        found.append(tuple(legs))
    return found


def _aligned(count: int) -> Ints:
    """Empty rows that each begin with a cache line."""
    line = 64 // 8
    whole = np.zeros(count * STATE_WIDTH + line, np.int64)
    first = -(whole.ctypes.data // 8) % line
    return whole[first : first + count * STATE_WIDTH].reshape(count, STATE_WIDTH)


@kernel
def copy_state(source, target):
    """Make `target` what `source` is. Logs are not copied: both must be at rest."""
    for leg in range(source.rows.shape[0]):
        for column in range(STATE_WIDTH):
            target.rows[leg, column] = source.rows[leg, column]
        for load in range(source.loads.shape[1]):
            target.loads[leg, load] = source.loads[leg, load]
    for type_ in range(source.unused.shape[0]):
        target.unused[type_] = source.unused[type_]
    for place in range(KEPT):
        target.counters[place] = source.counters[place]


@inner
def touch(state, leg):
    """Write a row to the log, once per stamp. Call it before any change to the row."""
    counters, mark = state.counters, state.mark
    if mark[leg] == counters[STAMP]:
        return
    mark[leg] = counters[STAMP]
    rows, log_rows, loads = state.rows, state.log_rows, state.loads
    place = counters[LOG_LENGTH]
    state.log_legs[place] = leg
    for column in range(STATE_WIDTH):
        log_rows[place, column] = rows[leg, column]
    for load in range(loads.shape[1]):
        state.log_loads[place, load] = loads[leg, load]
    counters[LOG_LENGTH] = place + 1


@inner
def begin(state):
    """Start a new stretch of the log with the counters; returns where it starts, for `undo`."""
    counters, log_rows = state.counters, state.log_rows
    place = counters[LOG_LENGTH]
    state.log_legs[place] = -1
    for counter in range(KEPT):
        log_rows[place, counter] = counters[counter]
    counters[LOG_LENGTH] = place + 1
    counters[STAMP] += 1
    return place


@inner
def forget(state):
    """Empty the log: what was done stays."""
    state.counters[LOG_LENGTH] = 0
    state.counters[STAMP] += 1


@inner
def undo(state, back_to):
    """Put all rows back as they were when `begin` returned `back_to`, and the counters with them."""
    rows, loads, log_rows, counters = state.rows, state.loads, state.log_rows, state.counters
    for place in range(counters[LOG_LENGTH] - 1, back_to - 1, -1):
        leg = state.log_legs[place]
        if leg < 0:
            for counter in range(KEPT):
                counters[counter] = log_rows[place, counter]
            continue
        for column in range(STATE_WIDTH):
            rows[leg, column] = log_rows[place, column]
        for load in range(loads.shape[1]):
            loads[leg, load] = state.log_loads[place, load]
        if rows[leg, KEY] == FIRST_KEY and rows[leg, COUNT] == 0:
            freed(state, leg)
    counters[LOG_LENGTH] = back_to
    counters[STAMP] += 1


@inner
def freed(state, start):
    """Note that the route of this start has no stops any more."""
    type_, route = state.rows[start, TYPE_HERE], state.rows[start, ROUTE]
    state.unused[type_] = min(state.unused[type_], route)


@inner
def log_is_full(state):
    """Whether the log has too little room left for another change of every row."""
    return state.counters[LOG_LENGTH] + 2 * state.rows.shape[0] > state.log_legs.shape[0]


@inner
def push(state, leg):
    """Ask for a leg to be timed again; legs leave in the order of their keys."""
    if state.is_dirty[leg]:
        return
    state.is_dirty[leg] = True
    place = state.counters[DIRTY]
    key = state.rows[leg, KEY]
    while place > 0 and state.rows[state.dirty[place - 1], KEY] < key:
        state.dirty[place] = state.dirty[place - 1]
        place -= 1
    state.dirty[place] = leg
    state.counters[DIRTY] += 1


@inner
def pop(state):
    """The next leg to be timed; −1 when there is none."""
    if state.counters[DIRTY] == 0:
        return -1
    state.counters[DIRTY] -= 1
    leg = state.dirty[state.counters[DIRTY]]
    state.is_dirty[leg] = False
    return leg


@inner
def clear(state):
    """Ask for nothing any more."""
    while pop(state) >= 0:
        pass
    state.counters[BEHIND] = 0
