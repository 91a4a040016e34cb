"""Timing again what a change touched, in the order of the keys, and the latest starts behind it.

Crews start together: their legs are timed as one. Visits of one elder, and sequences, wait for what has a smaller key.
A ride that lasts too long puts its pickup off, as far as waiting on the way allows.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.bonds import bonds_floor, bonds_kept, push_dependents
from dispatch.search.columns import (
    BEGIN,
    BONDS,
    BONDS_END,
    BOUND,
    BREAKS,
    COST,
    DEP,
    FIRST_LEG,
    KEY,
    KIND,
    LAST_LEG,
    LEAST,
    LEAVES,
    MOST,
    PARTNER,
    PICKED,
    PICKUP,
    PLACE,
    PRED,
    REST,
    RIDE,
    ROUTE,
    SETUP,
    SLACK,
    SOFT,
    START,
    SUCC,
    TASK,
    USED,
    VISIT,
    WAIT,
    WAY,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import COUPLED, LATE_MOST, PLAIN, RIDES
from dispatch.search.latest import settle_behind
from dispatch.search.plain import plain_walked
from dispatch.search.state import (
    CEILING,
    DIRTY,
    LATE_NEW,
    LATE_OLD,
    LATEST_OF_ALL,
    LEFT_OUT,
    TIMED_COST,
    TOTAL,
    WAYS,
    clear,
    pop,
    push,
    touch,
)
from dispatch.search.timing import finish, timed

NO_CEILING = 1 << 62
MOST_ROUNDS = 8  # of making a crew's starts agree


@inner
def settle(facts, state):
    """Time all dirty legs and what depends on them; False if something does not fit (the caller undoes)."""
    return settle_within(facts, state, int64(NO_CEILING))


@inner
def settle_within(facts, state, ceiling):
    """The same; False also as soon as it is sure that the whole will cost more than `ceiling`: ways and what is left
    out are known beforehand, and what timing adds never lessens."""
    counters = state.counters
    counters[CEILING] = ceiling - counters[WAYS] - counters[LEFT_OUT]
    counters[TIMED_COST] = counters[LATE_NEW] = 0
    if not _all_timed(facts, state):
        clear(state)
        counters[LATE_OLD] = 0
        return False
    settle_behind(facts, state)
    if facts.weights[LATE_MOST]:
        _keep_latest(facts, state)
    return weighed(facts, state) <= ceiling


@inner
def weighed(facts, state):
    """The cost of the state but for fairness."""
    return state.counters[TOTAL] + facts.weights[LATE_MOST] * state.counters[LATEST_OF_ALL]


@inner
def _keep_latest(facts, state):
    """Bring up to date how late the latest stop is: all are looked at only if the latest one may have improved."""
    counters = state.counters
    if counters[LATE_NEW] >= counters[LATEST_OF_ALL]:
        counters[LATEST_OF_ALL] = counters[LATE_NEW]
    elif counters[LATE_OLD] >= counters[LATEST_OF_ALL]:
        most = 0
        for leg in range(facts.legs.shape[0] - 2 * facts.routes.shape[0]):
            if state.rows[leg, ROUTE] >= 0:
                most = max(most, state.rows[leg, START] - facts.legs[leg, SOFT])
        counters[LATEST_OF_ALL] = most
    counters[LATE_OLD] = 0


@inner
def _all_timed(facts, state):
    budget = 64 + 12 * state.rows.shape[0]  # rides that push one another off for ever are given up
    while True:
        leg = pop(state)
        if leg < 0:
            break
        budget -= 1
        if state.rows[leg, ROUTE] < 0:
            continue
        plain = facts.flags[PLAIN]
        fits = plain_walked(facts, state, leg) if plain else budget >= 0 and _retimed(facts, state, leg)
        if not fits:
            return False
    return True


@inner
def _retimed(facts, state, leg):
    """Time a leg, and go on along its route while labels change and nothing else comes first."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    while True:
        if leg >= sentinels:
            if not finish(facts, state, leg, state.out[0]):
                return False
            _written(facts, state, leg, state.out[0])
            return state.counters[TIMED_COST] <= state.counters[CEILING]
        task = facts.legs[leg, TASK]
        if facts.legs[leg, KIND] == VISIT and facts.tasks[task, LAST_LEG] - facts.tasks[task, FIRST_LEG] > 1:
            return _crew_timed(facts, state, task)
        changed = _single_timed(facts, state, leg)
        if changed < 0 or state.counters[TIMED_COST] > state.counters[CEILING]:
            return False
        if changed == 0:
            return True
        leg = state.rows[leg, SUCC]
        if state.counters[DIRTY] > 0:  # somebody else may have a smaller key
            push(state, leg)
            return True


@inner
def _single_timed(facts, state, leg):
    """1 if the label changed, 0 if not, −1 if the leg does not fit."""
    rows, out = state.rows, state.out[0]
    pred, route = rows[leg, PRED], rows[leg, ROUTE]
    floor = rows[leg, BOUND]
    task = facts.legs[leg, TASK]
    bonded = facts.tasks[task, BONDS] < facts.tasks[task, BONDS_END]
    if bonded and leg == facts.tasks[task, FIRST_LEG]:
        floor = max(floor, bonds_floor(facts, state, task, rows[leg, KEY]))
    if not timed(facts, state, pred, leg, route, floor, out):
        return -1
    if bonded:
        out[SLACK] = min(out[SLACK], out[WAIT])  # others may wait for it: it is not put off
    if not bonds_kept(facts, state, task, leg, out[START]):
        return -1
    if facts.flags[RIDES] and facts.legs[leg, RIDE] >= 0:
        verdict = _ride(facts, state, pred, leg, out[START])
        if verdict != 0:
            return 0 if verdict > 0 else -1
    moved = out[START] != rows[leg, START]
    changed = _written(facts, state, leg, out)
    if moved and facts.flags[RIDES] and facts.legs[leg, KIND] == PICKUP:
        push(state, facts.legs[leg, PARTNER])  # its ride may have become longer or shorter
    if changed and facts.flags[COUPLED]:
        push_dependents(facts, state, task)
    return 1 if changed else 0


@inner
def _written(facts, state, leg, out):
    """Put a label in place; whether anything a successor reads has changed."""
    rows = state.rows
    changed = False
    for column in (START, DEP, BREAKS, REST, WAIT, SLACK, BEGIN):
        if rows[leg, column] != out[column]:
            changed = True
    if not changed and rows[leg, COST] == out[COST]:
        return False
    touch(state, leg)
    counters, soft = state.counters, facts.legs[leg, SOFT]
    counters[TOTAL] += out[COST] - rows[leg, COST]
    counters[TIMED_COST] += out[COST] - rows[rows[leg, PRED], WAY]
    if rows[leg, SUCC] < 0:  # an end: it bears what using the route costs, which WAYS contains
        counters[TIMED_COST] -= facts.routes[rows[leg, ROUTE], USED]
    else:
        counters[LATE_OLD] = max(counters[LATE_OLD], rows[leg, START] - soft)
        counters[LATE_NEW] = max(counters[LATE_NEW], out[START] - soft)
    for column in (START, DEP, COST, BREAKS, REST, WAIT, SLACK, BEGIN):
        rows[leg, column] = out[column]
    return changed


@inner
def _ride(facts, state, pred, leg, start):
    """0 if the ride to a drop-off is short enough, 1 if its pickup was put off to make it so, −1 if nothing helps."""
    rows, legs = state.rows, facts.legs
    reached = _arrival(facts, state, pred, leg, start)
    if legs[leg, PICKED] >= 0:
        return 0 if reached - legs[leg, PICKED] <= legs[leg, RIDE] else -1
    pickup = legs[leg, PARTNER]
    over = reached - rows[pickup, DEP] - legs[leg, RIDE]
    if over <= 0:
        return 0
    if pickup == pred or over > rows[pred, WAIT] - rows[pickup, WAIT]:
        return -1
    touch(state, pickup)
    rows[pickup, BOUND] = rows[pickup, START] + over
    push(state, pickup)
    return 1


@inner
def _arrival(facts, state, pred, leg, start):
    """When a drop-off is reached, before setup and waiting."""
    legs = facts.legs
    waited = state.out[0, WAIT] - state.rows[pred, WAIT]
    setup = legs[leg, SETUP] if legs[pred, LEAVES] != legs[leg, PLACE] else 0
    return start - waited - setup


@inner
def _crew_timed(facts, state, task):
    """Time all members of a crew, each after her own predecessor, to starts within the stagger."""
    rows, out = state.rows, state.out
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if not _crew_labels(facts, state, task):
        return False
    for leg in range(first, last):
        label = out[leg - first]
        label[SLACK] = min(label[SLACK], label[WAIT])  # the others would have to be put off too
        if not bonds_kept(facts, state, task, leg, label[START]):
            return False
    any_changed = False
    for leg in range(first, last):
        if _written(facts, state, leg, out[leg - first]):
            any_changed = True
            push(state, rows[leg, SUCC])
    if any_changed:
        push_dependents(facts, state, task)
    return state.counters[TIMED_COST] <= state.counters[CEILING]


@inner
def _crew_labels(facts, state, task):
    """The earliest labels of a crew, by rounds: whoever is last makes the first wait, until all starts agree."""
    rows, out = state.rows, state.out
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    least, most = facts.tasks[task, LEAST], facts.tasks[task, MOST]
    floor = bonds_floor(facts, state, task, rows[first, KEY])
    lead = floor
    for _ in range(MOST_ROUNDS):
        if not timed(facts, state, rows[first, PRED], first, rows[first, ROUTE], lead, out[0]):
            return False
        begun = out[0, START]
        latest = begun
        for leg in range(first + 1, last):
            wanted = max(floor, begun + least)
            if not timed(facts, state, rows[leg, PRED], leg, rows[leg, ROUTE], wanted, out[leg - first]):
                return False
            latest = max(latest, out[leg - first, START])
        if latest - begun <= most or last - first == 1:
            return True
        lead = latest - most
    return False
