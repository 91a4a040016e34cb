"""Where a visit could go: every place of every member on every route that may take it.

A place's bound is what it costs at least: the detour, who comes, her own lateness, less the overtime the route has
now. Times ahead of it stay and those behind only grow, so nothing else can become cheaper; where waiting or the
baseline is priced that is not so, and all places are timed (`THOROUGH`).
"""

from __future__ import annotations

from numba import int64

from dispatch.live.kernels.bounds import elder_spares, span
from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import (
    BEHIND,
    BOUND,
    EARLIEST,
    FAILS_AT,
    FITS_AT,
    FOUND,
    LATE,
    MOST_PLACES,
    NOW,
    PRED,
    THOROUGH,
)
from dispatch.live.kernels.keeping import cost_now, keep_way, limit
from dispatch.live.kernels.placing import leave_now, place_visit
from dispatch.live.kernels.trials import end_trial, start_trial
from dispatch.live.kernels.ways import cost_in, seconds_in
from dispatch.search.columns import (
    BONDS,
    BONDS_END,
    CLOSE,
    CLOSES,
    DEP,
    ELDER,
    FIRST_LEG,
    KEY,
    LAST_LEG,
    LATEST,
    OPEN,
    OVERTIME,
    OVERTIME_COST,
    ROUTE,
    SERVICE,
    SUCC,
    TASK,
    WAIT,
    WAY,
)  # fmt: skip
from dispatch.search.linking import NO_KEY, key_between
from dispatch.search.places import bond_keys, bonds_allow, open_to, room_for
from dispatch.search.timing import stop_cost, way_cost


@inner
def gather(facts, state, live, leg):
    """Add to `places` every place of one leg that passes the quick tests; one that fails them can never be timed."""
    rows, legs, routes = state.rows, facts.legs, facts.routes
    sentinels, task = legs.shape[0] - 2 * routes.shape[0], legs[leg, TASK]
    bonded = facts.tasks[task, BONDS] < facts.tasks[task, BONDS_END]
    for route in range(routes.shape[0]):
        if not facts.allowed[leg, route] or live.closed[route]:
            continue
        if bonded and not bonds_allow(facts, state, task, leg, route):
            continue
        pred, shut = live.tails[route], min(legs[leg, CLOSE], routes[route, CLOSES])
        spared, floor = spare(facts, state, route), leave_now(facts, state, live, leg, pred)
        while rows[pred, DEP] <= shut:
            succ = rows[pred, SUCC]
            ready = max(floor, rows[pred, DEP] + seconds_in(facts, live, route, pred, leg))
            start, latest = int64(1), int64(0)
            if max(ready, legs[leg, OPEN]) + legs[leg, SERVICE] <= rows[succ, LATEST]:
                start, latest = span(facts, state, live, leg, pred, ready, shut)
            if start <= latest and bonded and not elder_spares(facts, state, task, start, latest):
                start = latest + 1
            if start <= latest and open_to(facts, state, leg, pred) and room_for(facts, state, leg, pred):
                bound = cost_in(facts, live, route, pred, leg) + way_cost(facts, route, leg, succ) - rows[pred, WAY]
                bound += stop_cost(facts, route, leg, start, 0) - spared
                add_place(live, bound, pred, int64(-1), start, latest)
            if succ >= sentinels:
                break
            pred, floor = succ, int64(0)


@inner
def spare(facts, state, route):
    """What a route's overtime costs now: no change can save more than that there."""
    routes = facts.routes
    work = state.rows[facts.legs.shape[0] - routes.shape[0] + route, WAIT]
    return routes[route, OVERTIME_COST] * max(0, work - routes[route, OVERTIME])


@inner
def add_place(live, bound, pred, behind, earliest, latest):
    """Note a place. There is room for MOST_PLACES: whoever adds looks after that."""
    count = live.counters[FOUND]
    if count < MOST_PLACES:
        places = live.places[count]
        places[BOUND], places[PRED], places[BEHIND] = 0 if live.counters[THOROUGH] else bound, pred, behind
        places[EARLIEST], places[LATE] = earliest, latest
        places[FITS_AT] = places[FAILS_AT] = -1
        live.counters[FOUND] = count + 1


@inner
def try_visit(facts, state, live, task):
    """Time a visit behind the legs in `state.choice`, before and after each other visit of its elder, and keep the
    cheapest of these; whether any could be timed."""
    rows, bonds = state.rows, facts.bonds
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    low, high = bond_keys(facts, state, task)
    begins = facts.legs[first, OPEN]
    for leg in range(first, last):
        pred = state.choice[leg - first]
        low, high = max(low, rows[pred, KEY]), min(high, rows[rows[pred, SUCC], KEY])
        begins = max(begins, rows[pred, DEP])
    fits = False
    while low < high:  # from one of the elder's other visits to the next
        ceiling = high
        for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
            other = facts.tasks[bonds[bond, 1], FIRST_LEG]
            if bonds[bond, 0] == ELDER and rows[other, ROUTE] >= 0 and low < rows[other, KEY] < ceiling:
                ceiling = rows[other, KEY]
        key = key_between(low, ceiling, max(begins, live.counters[NOW]))
        if key != NO_KEY and _time(facts, state, live, task, key):
            fits = True
        low = ceiling
    return fits


@inner
def _time(facts, state, live, task, key):
    """Place, time, keep, undo; whether it fits."""
    before = cost_now(facts, state)
    trial = start_trial(state)
    fits = place_visit(facts, state, live, task, key)
    if fits:
        cost = cost_now(facts, state) - before
        keep_way(
            state, live, cost, key, int64(NO_KEY), int64(-1), facts.tasks[task, LAST_LEG] - facts.tasks[task, FIRST_LEG]
        )
    end_trial(state, trial)
    return fits


@inner
def is_over(live, bound, gained):
    """Whether a bound, and all above it, can no longer be among the cheapest. `gained` is what serving it saves."""
    return live.counters[THOROUGH] == 0 and bound - gained >= limit(live)
