"""Where a delivery could go: its pickup behind every leg of every route, its drop-off behind that and each later one
until load, ride or time forbid what lies beyond.
"""

from __future__ import annotations

from numba import int64

from dispatch.live.kernels.bounds import lasts_too_long
from dispatch.live.kernels.compiled import inner, woven
from dispatch.live.kernels.handle import BEHIND, BOUND, FOUND, MOST_PLACES, PRED, ROUNDED, TRIED
from dispatch.live.kernels.heap import heapify, pop_place
from dispatch.live.kernels.keeping import cost_now, keep_way
from dispatch.live.kernels.placing import delivery_keys, leave_now, place_delivery
from dispatch.live.kernels.promises import open_from
from dispatch.live.kernels.trials import end_trial, start_trial
from dispatch.live.kernels.visits import add_place, is_over, spare
from dispatch.live.kernels.ways import cost_in, seconds_in
from dispatch.search.columns import (
    BREAKS,
    CLOSE,
    CLOSES,
    COUNT,
    DEP,
    DIRECT,
    FIRST_LEG,
    FOREVER,
    LATEST,
    NEVER,
    OPEN,
    PARTNER,
    RIDE,
    ROUTE,
    SERVICE,
    SETUP,
    START,
    SUCC,
    WAIT,
    WAY,
)  # fmt: skip
from dispatch.search.linking import NO_KEY
from dispatch.search.places import bonds_allow, open_to
from dispatch.search.rides import carries
from dispatch.search.timing import opening, stop_cost, way_cost, way_seconds

BATCH = 64  # so many places are timed at once: the dearest way kept tells early which of the others can be left out


@inner
def search_rides(facts, state, live, task, gained):
    """Keep the cheapest ways for a delivery."""
    rows, pickup = state.rows, facts.tasks[task, FIRST_LEG]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    live.counters[FOUND] = 0
    for route in range(facts.routes.shape[0]):
        if not facts.allowed[pickup, route] or live.closed[route]:
            continue
        if not bonds_allow(facts, state, task, pickup, route):
            continue
        pred, spared = live.tails[route], spare(facts, state, route)
        shut = min(facts.legs[pickup, CLOSE], facts.routes[route, CLOSES])
        while rows[pred, DEP] <= shut:
            reach = cost_in(facts, live, route, pred, pickup) - rows[pred, WAY] - spared
            over = max(rows[pred, DEP], facts.legs[pickup, OPEN]) + facts.legs[pickup, SERVICE]
            succ = rows[pred, SUCC]
            if over <= rows[succ, LATEST] and not _strays(facts, live, route, pickup, succ, reach, gained):
                if live.counters[FOUND] + rows[sentinels + route, COUNT] + 1 > MOST_PLACES:
                    drain(facts, state, live, task, gained)
                _walk(facts, state, live, pickup, pred, reach, shut, gained)
            pred = succ
            if pred >= sentinels:
                break
        if live.counters[FOUND] >= BATCH:
            drain(facts, state, live, task, gained)
    drain(facts, state, live, task, gained)


@woven
def _strays(facts, live, route, pickup, succ, reach, gained):
    """Whether the way over the pickup alone costs too much: no drop-off further on makes it shorter, but for what
    rounding may take from the triangle's inequality."""
    return is_over(live, reach + way_cost(facts, route, pickup, succ) - live.counters[ROUNDED], gained)


@inner
def drain(facts, state, live, task, gained):
    """Time the places found, the cheapest first, as long as one could still be among the cheapest ways."""
    heapify(live)
    for left in range(live.counters[FOUND], 0, -1):
        number = pop_place(live, left)
        place = live.places[number]
        if is_over(live, place[BOUND], gained):
            break
        live.counters[TRIED] += 1
        _time(facts, state, live, task, place[PRED], place[BEHIND])
    live.counters[FOUND] = 0
    open_from(facts, live, facts.tasks[task, FIRST_LEG], int64(NEVER))


@inner
def _time(facts, state, live, task, pred, behind):
    before = cost_now(facts, state)
    key, later_key = delivery_keys(facts, state, task, pred, behind)
    if later_key == NO_KEY:
        return
    trial = start_trial(state)
    if place_delivery(facts, state, live, task, pred, behind, key, later_key):
        state.choice[0] = pred
        keep_way(state, live, cost_now(facts, state) - before, key, later_key, behind, 1)
    end_trial(state, trial)


@inner
def _walk(facts, state, live, pickup, pred, reach, shut, gained):
    """Add the drop-off's places for a pickup behind `pred`: right after it (`behind` is `pred`), and behind later
    legs. `reach` is the cost of the way to the pickup, less what that saves."""
    rows, legs, route, dropoff = state.rows, facts.legs, state.rows[pred, ROUTE], pickup + 1
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    start = rows[pred, DEP] + seconds_in(facts, live, route, pred, pickup)
    start = opening(facts, pickup, max(start, leave_now(facts, state, live, pickup, pred)))
    if start > shut or not open_to(facts, state, pickup, pred):
        return
    reach += stop_cost(facts, route, pickup, start, 0)
    behind, here, succ, clock, ridden = pred, pickup, rows[pred, SUCC], start + legs[pickup, SERVICE], 0
    way = way_seconds(facts, route, pickup, succ)
    detour = reach + way_cost(facts, route, pickup, succ)
    more = seconds_in(facts, live, route, pred, pickup) + legs[pickup, SERVICE] + way
    more -= way_seconds(facts, route, pred, succ)
    while carries(facts, state, pickup, behind, route):
        bound = reach if here == pickup else detour - rows[here, WAY]
        bound += cost_in(facts, live, route, here, dropoff) + way_cost(facts, route, dropoff, succ)
        if not is_over(live, bound, gained):
            begins = _drop(facts, state, live, here, dropoff, succ, clock, ridden, more if here == pickup else 0)
            if begins < FOREVER:
                bound += stop_cost(facts, route, dropoff, begins, 0)
                add_place(live, bound, pred, behind, start, begins)
        if succ >= sentinels or legs[pickup, DIRECT] == 1:
            return
        if here == pickup and lasts_too_long(facts, live, succ, more):
            return
        if here != pickup:
            way = _way_driven(facts, state, route, here, succ)
        begins, service = max(clock + way, rows[succ, START]), rows[succ, DEP] - rows[succ, START]
        ridden += way + service
        if begins > rows[succ, LATEST] or (legs[dropoff, RIDE] >= 0 and ridden > legs[dropoff, RIDE]):
            return
        clock, behind, here, succ = begins + service, succ, succ, rows[succ, SUCC]


@inner
def _drop(facts, state, live, here, dropoff, succ, clock, ridden, more):
    """When a drop-off between two legs could start, its box aboard for `ridden` and more; FOREVER if never. `more`: by
    how much the pickup, if it is the one of the two, makes the way between its own neighbours longer."""
    rows, legs, route = state.rows, facts.legs, state.rows[succ, ROUTE]
    way = seconds_in(facts, live, route, here, dropoff)
    setup = legs[dropoff, SETUP] if facts.stands[here, 1] != facts.stands[dropoff, 0] else 0
    if legs[dropoff, RIDE] >= 0 and ridden + way - setup > legs[dropoff, RIDE]:
        return FOREVER
    if here != legs[dropoff, PARTNER] and not open_to(facts, state, dropoff, here):
        return FOREVER
    begins = opening(facts, dropoff, clock + way)
    away = legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
    if begins > legs[dropoff, CLOSE] or begins + away > rows[succ, LATEST]:
        return FOREVER
    more += way + away - way_seconds(facts, route, here, succ)
    return FOREVER if lasts_too_long(facts, live, succ, more) else begins


@inner
def _way_driven(facts, state, route, here, succ):
    """The seconds from one leg of a route to the next, of their own labels: the tables are far away. A break in between
    hides them."""
    rows = state.rows
    if rows[here, BREAKS] != rows[succ, BREAKS]:
        return way_seconds(facts, route, here, succ)
    return rows[succ, START] - rows[here, DEP] - (rows[succ, WAIT] - rows[here, WAIT])
