"""Putting legs into routes and taking tasks out: links, counts, loads, keys. Nothing is timed here."""

from __future__ import annotations

import numpy as np
from numba import int64

from dispatch.search.bonds import push_dependents
from dispatch.search.columns import (
    ABOARD,
    BONDS,
    BONDS_END,
    BOUND,
    COST,
    COUNT,
    FIRST_LEG,
    KEY,
    KIND,
    LAST_LEG,
    LATEST,
    LOADED,
    NEVER,
    OPEN,
    PARTNER,
    PENALTY,
    PICKUP,
    PRED,
    ROUTE,
    SOFT,
    START,
    SUCC,
    TASK,
    USED,
    VISIT,
    WAY,
)  # fmt: skip
from dispatch.search.compiled import inner, kernel
from dispatch.search.facts import CARRIES, COUPLED, RIDES
from dispatch.search.state import (
    BEHIND,
    FIRST_KEY,
    IN_USE,
    KEY_BITS,
    LAST_KEY,
    LATE_OLD,
    LEFT_OUT,
    TOTAL,
    UNSERVED,
    WAYS,
    freed,
    push,
    touch,
)
from dispatch.search.timing import way_cost

NO_KEY = FIRST_KEY
ROOM = 1 << 8  # for keys between stops that start at the same second


@inner
def key_between(low, high, second):
    """A key strictly between two, near a time where that is possible; NO_KEY if there is none."""
    wanted = second << KEY_BITS
    if low < wanted < high:
        return wanted
    if low == FIRST_KEY:
        return high - (1 << KEY_BITS)
    if high == LAST_KEY:
        return low + (1 << KEY_BITS)
    middle = low + (high - low) // 2
    return middle if low < middle < high else NO_KEY


@inner
def put(facts, state, leg, pred, key):
    """Link a leg into a route behind `pred`; it and its successor are to be timed."""
    rows = state.rows
    succ, route = rows[pred, SUCC], rows[pred, ROUTE]
    start = facts.legs.shape[0] - 2 * facts.routes.shape[0] + route
    touch(state, leg)
    touch(state, pred)
    touch(state, succ)
    touch(state, start)
    rows[pred, SUCC], rows[leg, PRED], rows[leg, SUCC], rows[succ, PRED] = leg, pred, succ, leg
    rows[leg, ROUTE], rows[leg, KEY], rows[leg, BOUND] = route, key, 0
    rows[leg, START], rows[leg, LATEST], rows[leg, COST] = NEVER, NEVER, 0  # so that timing it is a change
    rows[start, COUNT] += 1
    if rows[start, COUNT] == 1:
        state.counters[IN_USE] += 1
    straight = rows[pred, WAY]
    rows[pred, WAY], rows[leg, WAY] = way_cost(facts, route, pred, leg), way_cost(facts, route, leg, succ)
    state.counters[WAYS] += rows[pred, WAY] + rows[leg, WAY] - straight
    _loaded(facts, state, leg, start, int64(1))
    push(state, succ)
    push(state, leg)  # without keys the last one pushed is timed first, and `succ` reads what `leg` was made to be
    _push_last(facts, state, pred, succ)
    _behind(state, leg)
    if facts.flags[RIDES]:
        _rewind(facts, state, start)


@inner
def served(facts, state, task):
    """Count a task as served, all its legs having been put."""
    state.counters[TOTAL] -= facts.tasks[task, PENALTY]
    state.counters[LEFT_OUT] -= facts.tasks[task, PENALTY]
    state.counters[UNSERVED] -= 1


@inner
def take(facts, state, task):
    """Take a task out of its routes; what followed its legs is to be timed."""
    for leg in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
        unlink(facts, state, leg)
    state.counters[TOTAL] += facts.tasks[task, PENALTY]
    state.counters[LEFT_OUT] += facts.tasks[task, PENALTY]
    state.counters[UNSERVED] += 1
    if facts.flags[COUPLED]:
        push_dependents(facts, state, task)


@inner
def unlink(facts, state, leg):
    """Take a leg out of its route, which closes behind it."""
    rows, counters = state.rows, state.counters
    pred, succ, route = rows[leg, PRED], rows[leg, SUCC], rows[leg, ROUTE]
    start = facts.legs.shape[0] - 2 * facts.routes.shape[0] + route
    touch(state, leg)
    touch(state, pred)
    touch(state, succ)
    touch(state, start)
    rows[pred, SUCC], rows[succ, PRED] = succ, pred
    rows[leg, ROUTE], rows[leg, SUCC], rows[leg, PRED] = -1, -1, -1
    rows[start, COUNT] -= 1
    counters[WAYS] -= rows[pred, WAY] + rows[leg, WAY]
    if rows[start, COUNT] == 0:
        rows[start, WAY] = -facts.routes[route, USED]
        freed(state, start)
        counters[IN_USE] -= 1
    else:
        rows[pred, WAY] = way_cost(facts, route, pred, succ)
    counters[WAYS] += rows[pred, WAY]
    counters[TOTAL] -= rows[leg, COST]
    counters[LATE_OLD] = max(counters[LATE_OLD], rows[leg, START] - facts.legs[leg, SOFT])
    rows[leg, COST] = 0
    _loaded(facts, state, leg, start, int64(-1))
    if facts.flags[CARRIES] and facts.legs[leg, KIND] == PICKUP:
        reload(facts, state, succ, facts.legs[leg, PARTNER])
    elif facts.flags[CARRIES] and facts.legs[leg, KIND] == ABOARD:
        reload(facts, state, succ, int64(-1))
    push(state, succ)
    _push_last(facts, state, pred, succ)
    _behind(state, pred)
    if facts.flags[RIDES]:
        _rewind(facts, state, start)


@inner
def _push_last(facts, state, pred, succ):
    """A leg that has become a route's last, or is no longer, may take its break elsewhere."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    if facts.breaks.shape[0] > 0 and succ >= sentinels and pred < sentinels:
        push(state, pred)


@inner
def _behind(state, leg):
    place = state.counters[BEHIND]
    if place < state.behind.shape[0]:
        state.behind[place] = leg
        state.counters[BEHIND] = place + 1


@inner
def _loaded(facts, state, leg, start, sign):
    """Count what a leg takes along from the start."""
    if facts.legs[leg, KIND] == LOADED:
        for load in range(facts.demand.shape[1]):
            state.loads[start, load] += sign * facts.demand[leg, load]
        if facts.flags[CARRIES]:
            reload(facts, state, state.rows[start, SUCC], int64(-1))


@inner
def reload(facts, state, leg, last):
    """Work out the loads from a leg to another one of its route, or to the end if `last` is −1."""
    rows, loads = state.rows, state.loads
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    while leg < sentinels:
        touch(state, leg)
        sign = -1 if facts.legs[leg, KIND] == LOADED else 1
        for load in range(facts.demand.shape[1]):
            loads[leg, load] = loads[rows[leg, PRED], load] + sign * facts.demand[leg, load]
        if leg == last:
            return
        leg = rows[leg, SUCC]


@inner
def reload_placed(facts, state, leg):
    """Work out the loads that a leg just put in place changes; a pickup's partner must be in place too."""
    if not facts.flags[CARRIES]:
        return
    kind = facts.legs[leg, KIND]
    if kind == PICKUP:
        reload(facts, state, leg, facts.legs[leg, PARTNER])
    elif kind in (ABOARD, LOADED):
        reload(facts, state, leg, int64(-1))
    else:
        reload(facts, state, leg, leg)


@inner
def put_crew(facts, state, task, low, high, begins):
    """Put all members of a crew behind their places in `choice`, with one key between `low` and `high`, near a time
    where that is possible; False, and nothing changed, if there is none."""
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if low >= high:
        return False
    key = key_between(low, high, max(begins, facts.legs[first, OPEN]))
    if key == NO_KEY:
        return False
    for leg in range(first, last):
        put(facts, state, leg, state.choice[leg - first], key)
    for leg in range(first, last):
        reload_placed(facts, state, leg)
    served(facts, state, task)
    return True


@inner
def _rewind(facts, state, start):
    """Let pickups of a route that were put off be timed afresh."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    leg = state.rows[start, SUCC]
    while leg < sentinels:
        if state.rows[leg, BOUND] > 0:
            touch(state, leg)
            state.rows[leg, BOUND] = 0
            push(state, leg)
        leg = state.rows[leg, SUCC]


@kernel
def rekey(facts, state, order):
    """Give all keys new room between them. `order` is all legs by their present keys, which decide wherever somebody
    waits for somebody."""
    rows = state.rows
    fresh = np.full(order.shape[0], FIRST_KEY, np.int64)
    for leg in order:
        if rows[leg, ROUTE] >= 0 and fresh[leg] == FIRST_KEY:
            task = facts.legs[leg, TASK]
            first, last = leg, leg + 1
            if facts.legs[leg, KIND] == VISIT:
                first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
            key = _fresh_key(facts, state, fresh, task, first, last)
            for member in range(first, last):
                fresh[member] = key
    for leg in order:
        if rows[leg, ROUTE] >= 0:
            rows[leg, KEY] = fresh[leg]


@inner
def _fresh_key(facts, state, fresh, task, first, last):
    """The start of these legs, or a little above what comes before them on their routes and by their task's bonds."""
    rows, tasks = state.rows, facts.tasks
    key = FIRST_KEY
    for member in range(first, last):
        key = max(key, rows[member, START] << KEY_BITS)
        pred = rows[member, PRED]
        if pred < fresh.shape[0]:
            key = max(key, fresh[pred] + ROOM)
    for bond in range(tasks[task, BONDS], tasks[task, BONDS_END]):
        other = facts.bonds[bond, 1]
        for member in range(tasks[other, FIRST_LEG], tasks[other, LAST_LEG]):
            if rows[member, ROUTE] >= 0 and fresh[member] > FIRST_KEY:
                key = max(key, fresh[member] + ROOM)
    return key
