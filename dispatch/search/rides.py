"""Where a delivery could go: its pickup behind one leg, its drop-off behind that or a later one of the same route.

From each place of the pickup one walk along the route carries the earliest clock, the shortest ride and the load, and
ends where one of them is exceeded: everything beyond would be too. What the drop-off costs at least from some leg on
is worked out once for a route, from its end: a walk that cannot beat the kept places any more is not gone.
"""

from __future__ import annotations

from numba import int64, uint64

from dispatch.search.columns import (
    CLOSE,
    CLOSES,
    COUNT,
    DEP,
    DIRECT,
    FROZEN,
    KIND,
    LATEST,
    LEAVES,
    OPEN,
    PICKUP,
    PLACE,
    PRED,
    RIDE,
    ROUTE,
    SERVICE,
    SETUP,
    START,
    SUCC,
    TASK,
    WAY,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import LIKED, TIMED
from dispatch.search.places import NO_WAY, blinks, bonds_allow, first_unused, open_to
from dispatch.search.timing import opening, stop_cost, way_cost, way_seconds

NO_DETOUR = NO_WAY + (1 << 61)  # not even what is dearer than any place has to be beaten by it
HERE, AFTER = range(2)  # columns of `least`: behind a leg, and behind it or a later one


@inner
def search_rides(facts, state, pickup, dropoff, keep, blink, chance):
    """Fill `spots[0]` with the cheapest places of a delivery: on the routes that pass near either end and on unused
    ones; if there are none and nothing is overlooked, on any. With chance `blink` a pair of places is overlooked. A
    spot's columns: cost, the pickup's predecessor, the drop-off's (the pickup itself if it comes right behind), a
    start."""
    rows = state.rows
    state.found[0] = 0
    state.seen[0] += 1
    for type_ in range(facts.types.shape[0] - 1):
        route = first_unused(facts, state, type_)
        if route >= 0:
            _walk_route(facts, state, pickup, dropoff, route, keep, blink, chance)
    for end in (dropoff, pickup):
        for rank in range(facts.before.shape[1]):
            other = facts.before[end, rank]
            if other < 0:
                break
            _visit_once(facts, state, pickup, dropoff, rows[other, ROUTE], keep, blink, chance)
    if state.found[0] == 0 and blink == 0.0:
        for route in range(facts.routes.shape[0]):
            _visit_once(facts, state, pickup, dropoff, route, keep, blink, chance)


@inner
def _visit_once(facts, state, pickup, dropoff, route, keep, blink, chance):
    """Look at a route in use, unless it was looked at for this delivery already."""
    if route < 0 or state.seen[1 + route] == state.seen[0]:
        return
    state.seen[1 + route] = state.seen[0]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    if state.rows[sentinels + route, COUNT] > 0:
        _walk_route(facts, state, pickup, dropoff, route, keep, blink, chance)


@inner
def _walk_route(facts, state, pickup, dropoff, route, keep, blink, chance):
    """All places of a delivery on one route that cost less than those kept, from the route's end. What the drop-off
    costs behind each leg, and at least behind it or a later one, is noted on the way."""
    rows, legs, stands, least = state.rows, facts.legs, facts.stands, state.least
    if not facts.allowed[pickup, route] or not bonds_allow(facts, state, legs[pickup, TASK], pickup, route):
        return
    table, places = uint64(facts.tabled[route, 1]), uint64(facts.clock.shape[1])
    to_pickup, to_dropoff = table + uint64(stands[pickup, 0]) * places, table + uint64(stands[dropoff, 0]) * places
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    succ, late = sentinels + facts.routes.shape[0] + route, max(legs[pickup, CLOSE], legs[dropoff, CLOSE])
    while rows[succ, PRED] < sentinels and rows[rows[succ, PRED], DEP] > late:
        succ = rows[succ, PRED]
    least[succ, AFTER] = NO_DETOUR
    between, worst = way_cost(facts, route, pickup, dropoff), int64(_worst(state, keep))
    while rows[succ, LATEST] >= legs[pickup, OPEN]:
        pred = rows[succ, PRED]
        back = uint64(stands[pred, 1])
        onward = way_cost(facts, route, dropoff, succ)
        reach = int64(facts.price_in[to_pickup + back]) - rows[pred, WAY]  # of an unused route: what its use costs
        both = min(between + onward, way_cost(facts, route, pickup, succ) + least[succ, AFTER])
        if reach + both < worst and rows[pred, DEP] <= legs[pickup, CLOSE] and not _joins(facts, pickup, succ):
            _set_out(facts, state, pickup, dropoff, pred, reach, keep, blink, chance)
            worst = int64(_worst(state, keep))
        if pred >= sentinels:
            return
        detour = int64(facts.price_in[to_dropoff + back]) + onward - rows[pred, WAY]
        if rows[pred, DEP] > legs[dropoff, CLOSE] or legs[dropoff, OPEN] > rows[succ, LATEST]:
            detour = int64(NO_DETOUR)
        least[pred, HERE], least[pred, AFTER] = detour, min(detour, least[succ, AFTER])
        succ = pred


@inner
def _set_out(facts, state, pickup, dropoff, pred, reach, keep, blink, chance):
    """Look for the drop-off's place if the pickup can stand behind `pred`."""
    legs, route = facts.legs, state.rows[pred, ROUTE]
    start = opening(facts, pickup, state.rows[pred, DEP] + way_seconds(facts, route, pred, pickup))
    if start <= legs[pickup, CLOSE] and start <= facts.routes[route, CLOSES] and open_to(facts, state, pickup, pred):
        _walk(facts, state, pickup, dropoff, pred, start, reach, keep, blink, chance)


@inner
def _joins(facts, pickup, succ):
    """Whether a pickup would come before another of the same stay at a kitchen: behind that one it does as well."""
    legs = facts.legs
    same = legs[succ, KIND] == PICKUP and legs[succ, PLACE] == legs[pickup, PLACE]
    return same and legs[succ, DIRECT] == 0 and facts.tasks[legs[succ, TASK], FROZEN] == 0


@inner
def _walk(facts, state, pickup, dropoff, pred, start, reach, keep, blink, chance):
    """Try the drop-off behind the pickup and behind each later leg. `reach` is what going to the pickup costs, without
    the way that was there before."""
    rows, legs, least, route = state.rows, facts.legs, state.least, state.rows[pred, ROUTE]
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    here, succ, clock, ridden = pickup, rows[pred, SUCC], start + legs[pickup, SERVICE], 0
    if not carries(facts, state, pickup, pred, route):
        return
    if facts.flags[TIMED] or facts.flags[LIKED]:
        reach += stop_cost(facts, route, pickup, start, int64(0))
    detour = reach + way_cost(facts, route, pickup, succ)
    direct = reach + way_cost(facts, route, pickup, dropoff) + way_cost(facts, route, dropoff, succ)
    while True:
        cost = direct if here == pickup else detour + least[here, HERE]
        if cost < _worst(state, keep) and (here == pickup or open_to(facts, state, dropoff, here)):
            way = way_seconds(facts, route, here, dropoff)
            begins = opening(facts, dropoff, clock + way)
            leaves = begins + legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
            fits = begins <= legs[dropoff, CLOSE] and leaves <= rows[succ, LATEST]
            fits = fits and _short_enough(facts, dropoff, here, ridden + way)
            if fits and not (blink > 0.0 and blinks(state, blink, chance)):
                if facts.flags[TIMED] or facts.flags[LIKED]:
                    cost += stop_cost(facts, route, dropoff, begins, int64(0))
                _keep_ride(state, cost, pred, here, start, keep)
        if succ >= sentinels or legs[pickup, DIRECT] == 1:
            return
        way = way_seconds(facts, route, here, succ)
        ridden += way + legs[succ, SERVICE]
        begins = max(opening(facts, succ, clock + way), rows[succ, START])
        too_long = legs[dropoff, RIDE] >= 0 and ridden > legs[dropoff, RIDE]
        if too_long or begins > rows[succ, LATEST] or not carries(facts, state, pickup, succ, route):
            return
        if detour + least[succ, AFTER] >= _worst(state, keep):
            return
        clock = begins + legs[succ, SERVICE]
        here, succ = succ, rows[succ, SUCC]


@inner
def _short_enough(facts, dropoff, here, ridden):
    """Whether the ride from the pickup to a drop-off that comes behind `here` may be as long; its setup is no ride."""
    legs = facts.legs
    setup = legs[dropoff, SETUP] if legs[here, LEAVES] != legs[dropoff, PLACE] else 0
    return legs[dropoff, RIDE] < 0 or ridden - setup <= legs[dropoff, RIDE]


@inner
def _worst(state, keep):
    """What a place has to beat to be kept."""
    return state.spots[0, keep - 1, 0] if state.found[0] == keep else NO_WAY


@inner
def carries(facts, state, pickup, leg, route):
    """Whether the route has room for the delivery on top of what is aboard behind a leg."""
    for load in range(facts.demand.shape[1]):
        if state.loads[leg, load] + facts.demand[pickup, load] > facts.room[route, load]:
            return False
    return True


@inner
def _keep_ride(state, cost, pred, here, start, keep):
    """Keep a place if it is among the `keep` cheapest."""
    found, spots = state.found[0], state.spots[0]
    if cost >= _worst(state, keep):
        return
    place = found if found < keep else keep - 1
    while place > 0 and spots[place - 1, 0] > cost:
        for column in range(4):
            spots[place, column] = spots[place - 1, column]
        place -= 1
    spots[place, 0], spots[place, 1], spots[place, 2], spots[place, 3] = cost, pred, here, start
    state.found[0] = min(keep, found + 1)
