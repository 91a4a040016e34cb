"""Where a delivery could go: its pickup behind every leg of every route, its drop-off behind that and each later one
until load, ride or time forbid what lies beyond.
"""

from __future__ import annotations

from numba import int64

from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import BEHIND, BOUND, FOUND, MOST_PLACES, PRED, TRIED
from dispatch.live.kernels.heap import heapify, pop_place
from dispatch.live.kernels.keeping import cost_now, keep_way
from dispatch.live.kernels.placing import delivery_keys, leave_now, place_delivery
from dispatch.live.kernels.promises import open_from
from dispatch.live.kernels.trials import end_trial, start_trial
from dispatch.live.kernels.visits import add_place, is_over, spare
from dispatch.search.columns import (
    CLOSE,
    CLOSES,
    COUNT,
    DEP,
    DIRECT,
    FIRST_LEG,
    LATEST,
    LEAVES,
    NEVER,
    PLACE,
    RIDE,
    ROUTE,
    SERVICE,
    SETUP,
    START,
    SUCC,
    USED,
)  # fmt: skip
from dispatch.search.linking import NO_KEY
from dispatch.search.places import bonds_allow, open_to
from dispatch.search.timing import opening, stop_cost, way_cost, way_seconds


@inner
def search_rides(facts, state, live, task, gained):
    """Keep the cheapest ways for a delivery."""
    pickup = facts.tasks[task, FIRST_LEG]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    live.counters[FOUND] = 0
    for route in range(facts.routes.shape[0]):
        if not facts.allowed[pickup, route] or live.closed[route]:
            continue
        if not bonds_allow(facts, state, task, pickup, route):
            continue
        pred = live.tails[route]
        shut = min(facts.legs[pickup, CLOSE], facts.routes[route, CLOSES])
        while state.rows[pred, DEP] <= shut:
            start = state.rows[pred, DEP] + way_seconds(facts, route, pred, pickup)
            start = opening(facts, pickup, max(start, leave_now(facts, state, live, pickup, pred)))
            if start <= shut and open_to(facts, state, pickup, pred):
                if live.counters[FOUND] + state.rows[sentinels + route, COUNT] + 1 > MOST_PLACES:
                    drain(facts, state, live, task, gained)
                _walk(facts, state, live, pickup, pred, start)
            pred = state.rows[pred, SUCC]
            if pred >= sentinels:
                break
    drain(facts, state, live, task, gained)


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
def _walk(facts, state, live, pickup, pred, start):
    """Add the drop-off's places for a pickup behind `pred`: right after it (`behind` is `pred`), and behind later
    legs."""
    rows, legs, route, dropoff = state.rows, facts.legs, state.rows[pred, ROUTE], pickup + 1
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    unused = rows[sentinels + route, COUNT] == 0
    base = (facts.routes[route, USED] if unused else 0) - spare(facts, state, route)
    base += stop_cost(facts, route, pickup, start, 0)
    behind, here, succ, clock, ridden = pred, pickup, rows[pred, SUCC], start + legs[pickup, SERVICE], 0
    straight = 0 if unused else way_cost(facts, route, pred, succ)
    reach = base + way_cost(facts, route, pred, pickup) - straight
    detour = reach + way_cost(facts, route, pickup, succ)
    late = max(0, clock + way_seconds(facts, route, pickup, succ) - rows[succ, START])  # what follows, by the pickup
    while _carries(facts, state, pickup, behind, route):
        way = way_seconds(facts, route, here, dropoff)
        setup = legs[dropoff, SETUP] if legs[here, LEAVES] != legs[dropoff, PLACE] else 0
        short_enough = legs[dropoff, RIDE] < 0 or ridden + way - setup <= legs[dropoff, RIDE]
        if short_enough and (here == pickup or open_to(facts, state, dropoff, here)):
            begins = opening(facts, dropoff, clock + way)
            leaves = begins + legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
            borne = (0 if here == pickup else late) + rows[succ, START] + live.bears[succ]
            if begins <= legs[dropoff, CLOSE] and leaves <= min(rows[succ, LATEST], borne):
                bound = reach if here == pickup else detour - way_cost(facts, route, here, succ)
                bound += way_cost(facts, route, here, dropoff) + way_cost(facts, route, dropoff, succ)
                bound += stop_cost(facts, route, dropoff, begins, 0)
                add_place(live, bound, pred, behind, start, begins)
        if succ >= sentinels or legs[pickup, DIRECT] == 1:
            return
        ridden += way_seconds(facts, route, here, succ) + legs[succ, SERVICE]
        if here == pickup and late > live.bears[succ]:
            return
        begins = max(opening(facts, succ, clock + way_seconds(facts, route, here, succ)), rows[succ, START])
        if begins > rows[succ, LATEST] or (legs[dropoff, RIDE] >= 0 and ridden > legs[dropoff, RIDE]):
            return
        clock, behind, here, succ = begins + legs[succ, SERVICE], succ, succ, rows[succ, SUCC]


@inner
def _carries(facts, state, pickup, leg, route):
    """Whether the route has room for the delivery on top of what is aboard behind a leg."""
    for load in range(facts.demand.shape[1]):
        if state.loads[leg, load] + facts.demand[pickup, load] > facts.room[route, load]:
            return False
    return True
