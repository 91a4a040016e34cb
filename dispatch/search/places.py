"""Where a single leg could go: candidates from the neighbour lists, O(1) tests, the cheapest few kept.

A place that fails here can never be timed. For plain problems one that passes always can; otherwise it is tried.
"""

from __future__ import annotations

import math

from numba import int64, uint64

from dispatch.search.chance import uniform
from dispatch.search.columns import (
    ABOARD,
    AFTER,
    BEFORE,
    BONDS,
    BONDS_END,
    CLOSE,
    COUNT,
    DEP,
    DIFFERENT,
    DIRECT,
    FIRST_LEG,
    FIRST_WINDOW,
    FROZEN,
    HEAD,
    KEY,
    KIND,
    LAST_LEG,
    LAST_WINDOW,
    LATEST,
    LOADED,
    MEMBER,
    OPEN,
    PICKUP,
    PRED,
    ROUTE,
    SAME,
    SERVICE,
    SUCC,
    TASK,
    TYPE,
    WAY,
    WHO,
)  # fmt: skip
from dispatch.search.compiled import inner, woven
from dispatch.search.facts import CARRIES, LIKED, TIMED
from dispatch.search.state import BLINKING, FIRST_KEY, IN_USE, LAST_KEY, MOST_IN_USE
from dispatch.search.timing import opening, stop_cost

NO_WAY = 1 << 62  # dearer than any place


@inner
def open_to(facts, state, leg, pred):
    """Whether skills, pins and rides without a halt let a leg stand behind `pred`."""
    rows, legs = state.rows, facts.legs
    route, succ = rows[pred, ROUTE], rows[pred, SUCC]
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    if not facts.allowed[leg, route]:
        return False
    if (
        pred < sentinels
        and legs[pred, KIND] == PICKUP
        and legs[pred, DIRECT] == 1
        and legs[leg, TASK] != legs[pred, TASK]
    ):
        return False
    if succ < sentinels:
        if facts.tasks[legs[succ, TASK], FROZEN] == 1 and _is_head(facts, state, succ):
            return False
        if legs[succ, KIND] == ABOARD and legs[succ, DIRECT] == 1:
            return False
    if legs[leg, KIND] == ABOARD and legs[leg, DIRECT] == 1:
        return pred >= sentinels
    return True


@inner
def _is_head(facts, state, leg):
    """Whether a leg of a frozen task is one of the pinned first stops of its route."""
    rows = state.rows
    ahead = rows[leg, PRED]
    left = facts.routes[rows[leg, ROUTE], HEAD]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    while ahead < sentinels and left > 0:
        ahead = rows[ahead, PRED]
        left -= 1
    return left > 0


@inner
def room_for(facts, state, leg, pred):
    """Whether what is taken along from the start for this leg still fits; other loads are tested with their pickup."""
    if facts.legs[leg, KIND] != LOADED:
        return True
    rows, route = state.rows, state.rows[pred, ROUTE]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    for load in range(facts.demand.shape[1]):
        if state.loads[sentinels + route, load] + facts.demand[leg, load] > facts.room[route, load]:
            return False
    if facts.flags[CARRIES]:
        while pred < sentinels:
            for load in range(facts.demand.shape[1]):
                if state.loads[pred, load] + facts.demand[leg, load] > facts.room[route, load]:
                    return False
            pred = rows[pred, PRED]
    return True


@inner
def bonds_allow(facts, state, task, leg, route):
    """Whether the task's relations let this route's caregiver take this leg."""
    who = facts.routes[route, WHO]
    leads = facts.legs[leg, MEMBER] == 0
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        first = facts.tasks[other, FIRST_LEG]
        if state.rows[first, ROUTE] < 0:
            continue
        if kind == SAME and leads and facts.routes[state.rows[first, ROUTE], WHO] != who:
            return False
        if kind == DIFFERENT:
            for member in range(first, facts.tasks[other, LAST_LEG]):
                if facts.routes[state.rows[member, ROUTE], WHO] == who:
                    return False
    return True


@inner
def bond_keys(facts, state, task):
    """Between which keys the task's sequences want it."""
    low, high = FIRST_KEY, LAST_KEY
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        first, last = facts.tasks[other, FIRST_LEG], facts.tasks[other, LAST_LEG]
        if state.rows[first, ROUTE] < 0:
            continue
        if kind == AFTER:
            low = max(low, state.rows[last - 1, KEY])
        elif kind == BEFORE:
            high = min(high, state.rows[first, KEY])
    return low, high


@inner
def _keep(facts, state, leg, pred, cost, start, keep, member):
    """Keep a place that passed the quick tests if it passes the others, is among the `keep` cheapest and is new."""
    route, found, spots = state.rows[pred, ROUTE], state.found[member], state.spots[member]
    for place in range(found):
        if spots[place, 1] == pred:
            return
    if not open_to(facts, state, leg, pred) or not room_for(facts, state, leg, pred):
        return
    if facts.flags[TIMED] or facts.flags[LIKED]:
        cost += stop_cost(facts, route, leg, start, int64(0))
        if found == keep and cost >= spots[found - 1, 0]:
            return
    task = facts.legs[leg, TASK]
    if facts.tasks[task, BONDS] < facts.tasks[task, BONDS_END] and not bonds_allow(facts, state, task, leg, route):
        return
    place = found if found < keep else keep - 1
    while place > 0 and spots[place - 1, 0] > cost:
        for column in range(4):
            spots[place, column] = spots[place - 1, column]
        place -= 1
    spots[place, 0], spots[place, 1], spots[place, 2], spots[place, 3] = cost, pred, -1, start
    state.found[member] = min(keep, found + 1)


@woven
def _consider(facts, state, leg, pred, keep, member, worst, blink, chance):
    """Test the place behind `pred`, the quick tests first: cost, then times, then everything else. With chance `blink`
    a place is overlooked (Christiaens & Vanden Berghe 2020, section 5.3). Returns what the next place has to beat."""
    rows, legs, stands, places = state.rows, facts.legs, facts.stands, uint64(facts.clock.shape[1])
    here, new = uint64(pred), uint64(leg)  # unsigned indices need no look whether they count from the end
    route, succ = uint64(rows[here, ROUTE]), uint64(rows[here, SUCC])
    inward = uint64(stands[new, 0]) * places + uint64(stands[here, 1])
    outward = uint64(stands[new, 1]) * places + uint64(stands[succ, 0])
    table = uint64(facts.tabled[route, 1])
    cost = int64(facts.price_in[table + inward]) + facts.price_out[table + outward] - rows[here, WAY]
    if cost >= worst:
        return worst
    table = uint64(facts.tabled[route, 0])
    start = rows[here, DEP] + facts.clock_in[table + inward]
    if legs[new, LAST_WINDOW] - legs[new, FIRST_WINDOW] == 1:
        start = max(start, legs[new, OPEN])
    else:
        start = opening(facts, leg, start)
    if start > legs[new, CLOSE]:
        return worst
    if start + legs[new, SERVICE] + facts.clock_out[table + outward] > rows[succ, LATEST]:
        return worst
    if not facts.allowed[new, route] or (blink > 0.0 and blinks(state, blink, chance)):
        return worst
    _keep(facts, state, leg, pred, cost, start, keep, member)
    return state.spots[member, keep - 1, 0] if state.found[member] == keep else NO_WAY


@inner
def search_places(facts, state, leg, keep, member, blink, chance):
    """Fill `spots[member]` with the cheapest places of a leg: beside its neighbours and on unused routes; if there are
    none, anywhere."""
    rows, before, after = state.rows, facts.before, facts.after
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    state.found[member] = 0
    worst = int64(NO_WAY)
    for type_ in range(facts.types.shape[0] - 1):
        unused = first_unused(facts, state, type_)
        if unused >= 0:
            worst = _consider(facts, state, leg, sentinels + unused, keep, member, worst, blink, chance)
    for rank in range(before.shape[1]):
        pred = int64(before[leg, rank])
        if pred < 0:
            break
        if rows[pred, ROUTE] >= 0:
            worst = _consider(facts, state, leg, pred, keep, member, worst, blink, chance)
    for rank in range(after.shape[1]):
        succ = int64(after[leg, rank])
        if succ < 0:
            break
        if rows[succ, ROUTE] >= 0:
            worst = _consider(facts, state, leg, rows[succ, PRED], keep, member, worst, blink, chance)
    if state.found[member] == 0:
        search_everywhere(facts, state, leg, keep, member, chance)


@inner
def blinks(state, blink, chance):
    """True with chance `blink`: the distance to the next time is drawn, which is cheaper than drawing every time."""
    state.counters[BLINKING] -= 1
    if state.counters[BLINKING] > 0:
        return False
    drawn = state.counters[BLINKING] == 0
    state.counters[BLINKING] = 1 + int(math.log(1.0 - uniform(chance)) / math.log(1.0 - blink))
    return drawn


@inner
def search_everywhere(facts, state, leg, keep, member, chance):
    """Fill `spots[member]` from every place on every route in use and one unused of each type."""
    rows, close = state.rows, facts.legs[leg, CLOSE]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    state.found[member] = 0
    worst = int64(NO_WAY)
    for route in range(facts.routes.shape[0]):
        pred = sentinels + route
        if not facts.allowed[leg, route]:
            continue
        if rows[pred, COUNT] == 0 and first_unused(facts, state, facts.routes[route, TYPE]) != route:
            continue
        while (pred < sentinels or pred == sentinels + route) and rows[pred, DEP] <= close:
            worst = _consider(facts, state, leg, pred, keep, member, worst, 0.0, chance)
            pred = rows[pred, SUCC]


@inner
def first_unused(facts, state, type_):
    """The first route of a type that has no stops; −1 if all have, or as many as may have."""
    rows = state.rows
    if state.counters[IN_USE] >= state.counters[MOST_IN_USE]:
        return -1
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    route, end = state.unused[type_], facts.types[type_ + 1]
    while route < end and rows[sentinels + route, COUNT] > 0:
        route += 1
    state.unused[type_] = route
    return route if route < end else -1
