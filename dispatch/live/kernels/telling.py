"""What the last change has done, in rows of WIDTH numbers: one call and one table instead of many."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner, kernel
from dispatch.search.columns import (
    BREAKS,
    DEP,
    FIRST_LEG,
    KIND,
    LAST_LEG,
    LEAVES,
    MEMBER,
    PLACE,
    PRED,
    ROUTE,
    SETUP,
    START,
    SUCC,
    TASK,
    WAIT,
)  # fmt: skip
from dispatch.search.state import LOG_LENGTH
from dispatch.search.timing import way_seconds

WIDTH = 7
# what a row says, in its first column; the others are
MOVED = 0  # kind, task, member, route, start before, start now
PLACED = 1  # kind, task, member, route, place among the stops, start
RESTED = 2  # route, rank of the first break on the way, rank after the last, departure before them, seconds of the way
TOUCHED = 3  # route, seconds of work


@inner
def tell(facts, state, task, told):
    """Write what changed since the log was empty; how many rows. Good for one change that served `task`."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    state.seen[0] += 1
    count = 0
    for place in range(state.counters[LOG_LENGTH]):
        leg, log = state.log_legs[place], state.log_rows[place]
        if leg < 0:  # the counters
            continue
        now = state.rows[leg]
        if leg < sentinels and log[START] != now[START] and log[ROUTE] >= 0 and now[ROUTE] >= 0:
            _tell_stop(facts, state, leg, told[count], log[START])
            told[count, 0] = MOVED
            count += 1
        for route in (log[ROUTE], now[ROUTE]):
            if route >= 0 and state.seen[1 + route] != state.seen[0]:
                state.seen[1 + route] = state.seen[0]
                told[count, 0], told[count, 1] = TOUCHED, route
                told[count, 2] = state.rows[sentinels + facts.routes.shape[0] + route, WAIT]
                count = _tell_breaks(facts, state, route, told, count + 1)
    for leg in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
        _tell_stop(facts, state, leg, told[count], _position(state, leg, sentinels))
        told[count, 0] = PLACED
        count += 1
    return count


@inner
def _tell_stop(facts, state, leg, row, number):
    legs = facts.legs
    row[1], row[2], row[3] = legs[leg, KIND], legs[leg, TASK], legs[leg, MEMBER]
    row[4], row[5], row[6] = state.rows[leg, ROUTE], number, state.rows[leg, START]


@inner
def _position(state, leg, sentinels):
    """Where a leg is among the stops of its route, breaks between two of them included; the start is 0."""
    ahead, first = 1, leg
    while state.rows[first, PRED] < sentinels:
        ahead, first = ahead + 1, state.rows[first, PRED]
    return ahead + state.rows[leg, BREAKS] - state.rows[first, BREAKS]


@kernel
def tell_breaks(facts, state, route, told):
    """Write the breaks between two stops of a route; how many rows."""
    return _tell_breaks(facts, state, route, told, 0)


@inner
def _tell_breaks(facts, state, route, told, count):
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    pred = rows[sentinels + route, SUCC]
    while pred < sentinels and rows[pred, SUCC] < sentinels:
        leg = rows[pred, SUCC]
        if rows[leg, BREAKS] > rows[pred, BREAKS]:
            paid = legs[leg, SETUP] if legs[pred, LEAVES] != legs[leg, PLACE] else 0
            told[count, 0], told[count, 1] = RESTED, route
            told[count, 2], told[count, 3] = rows[pred, BREAKS], rows[leg, BREAKS]
            told[count, 4], told[count, 5] = rows[pred, DEP], way_seconds(facts, route, pred, leg) - paid
            count += 1
        pred = leg
    return count
