"""Where a delivery could go: its pickup behind one leg, its drop-off behind that or a later one of the same route.

From each place of the pickup one walk along the route carries the earliest clock, the shortest ride and the load, and
ends where one of them is exceeded: everything beyond would be too.
"""

from __future__ import annotations

from dispatch.search.chance import uniform
from dispatch.search.columns import (
    CLOSE,
    CLOSES,
    COUNT,
    DEP,
    DIRECT,
    LATEST,
    LEAVES,
    PLACE,
    RIDE,
    ROUTE,
    SERVICE,
    SETUP,
    START,
    SUCC,
    TASK,
    USED,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import LIKED, TIMED
from dispatch.search.places import bonds_allow, first_unused, open_to
from dispatch.search.timing import opening, stop_cost, way_cost, way_seconds


@inner
def search_rides(facts, state, pickup, dropoff, keep, blink, chance):
    """Fill `spots[0]` with the cheapest places of a delivery, on the routes that pass near either end and on unused
    ones; if there are none, on any. A spot's columns: cost, the pickup's predecessor, the drop-off's, a start."""
    rows = state.rows
    state.found[0] = 0
    state.seen[0] += 1
    for type_ in range(facts.types.shape[0] - 1):
        route = first_unused(facts, state, type_)
        if route >= 0:
            _on_route(facts, state, pickup, dropoff, route, keep)
    for end in (dropoff, pickup):
        for rank in range(facts.before.shape[1]):
            other = facts.before[end, rank]
            if other < 0:
                break
            _visit_once(facts, state, pickup, dropoff, rows[other, ROUTE], keep, blink, chance)
    if state.found[0] == 0:
        for route in range(facts.routes.shape[0]):
            _visit_once(facts, state, pickup, dropoff, route, keep, 0.0, chance)


@inner
def _visit_once(facts, state, pickup, dropoff, route, keep, blink, chance):
    """Look at a route in use, unless it was looked at for this delivery already, or overlooked."""
    if route < 0 or state.seen[1 + route] == state.seen[0]:
        return
    state.seen[1 + route] = state.seen[0]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    if state.rows[sentinels + route, COUNT] == 0:
        return
    if blink > 0.0 and uniform(chance) < blink:
        return
    _on_route(facts, state, pickup, dropoff, route, keep)


@inner
def _on_route(facts, state, pickup, dropoff, route, keep):
    """All places of a delivery on one route."""
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    pred = sentinels + route
    if not facts.allowed[pickup, route] or not bonds_allow(facts, state, legs[pickup, TASK], pickup, route):
        return
    unused = rows[pred, COUNT] == 0
    while True:
        if rows[pred, DEP] > legs[pickup, CLOSE]:
            return
        start = opening(facts, pickup, rows[pred, DEP] + way_seconds(facts, route, pred, pickup))
        if start > legs[pickup, CLOSE] or start > facts.routes[route, CLOSES]:
            return  # times grow along the route, and a detour never saves any
        if open_to(facts, state, pickup, pred):
            _walk(facts, state, pickup, dropoff, pred, start, keep, unused)
        pred = rows[pred, SUCC]
        if pred >= sentinels:
            return


@inner
def _walk(facts, state, pickup, dropoff, pred, start, keep, unused):
    """Try the drop-off behind the pickup and behind each later leg."""
    rows, legs, route = state.rows, facts.legs, state.rows[pred, ROUTE]
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    base = facts.routes[route, USED] if unused else 0
    if facts.flags[TIMED] or facts.flags[LIKED]:
        base += stop_cost(facts, route, pickup, start, 0)
    here, succ, clock, ridden = pickup, rows[pred, SUCC], start + legs[pickup, SERVICE], 0
    straight = 0 if unused else way_cost(facts, route, pred, succ)
    reach = base + way_cost(facts, route, pred, pickup)  # cost of having come here, without what was there before
    if not _carries(facts, state, pickup, pred, route):
        return
    first_detour = reach + way_cost(facts, route, pickup, succ) - straight
    while True:
        way = way_seconds(facts, route, here, dropoff)
        setup = legs[dropoff, SETUP] if legs[here, LEAVES] != legs[dropoff, PLACE] else 0
        short_enough = legs[dropoff, RIDE] < 0 or ridden + way - setup <= legs[dropoff, RIDE]
        if short_enough and (here == pickup or open_to(facts, state, dropoff, here)):
            begins = opening(facts, dropoff, clock + way)
            leaves = begins + legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
            if begins <= legs[dropoff, CLOSE] and leaves <= rows[succ, LATEST]:
                so_far = reach - straight if here == pickup else first_detour - way_cost(facts, route, here, succ)
                cost = so_far + way_cost(facts, route, here, dropoff) + way_cost(facts, route, dropoff, succ)
                if facts.flags[TIMED] or facts.flags[LIKED]:
                    cost += stop_cost(facts, route, dropoff, begins, 0)
                _keep(state, cost, pred, here, start, keep)
        if succ >= sentinels or legs[pickup, DIRECT] == 1:
            return
        ridden += way_seconds(facts, route, here, succ) + legs[succ, SERVICE]
        begins = max(opening(facts, succ, clock + way_seconds(facts, route, here, succ)), rows[succ, START])
        too_long = legs[dropoff, RIDE] >= 0 and ridden > legs[dropoff, RIDE]
        if too_long or begins > rows[succ, LATEST] or not _carries(facts, state, pickup, succ, route):
            return
        clock = begins + legs[succ, SERVICE]
        here, succ = succ, rows[succ, SUCC]


@inner
def _carries(facts, state, pickup, leg, route):
    """Whether the route has room for the delivery on top of what is aboard behind a leg."""
    for load in range(facts.demand.shape[1]):
        if state.loads[leg, load] + facts.demand[pickup, load] > facts.room[route, load]:
            return False
    return True


@inner
def _keep(state, cost, pred, here, start, keep):
    found, spots = state.found[0], state.spots[0]
    if found == keep and cost >= spots[found - 1, 0]:
        return
    place = found if found < keep else keep - 1
    while place > 0 and spots[place - 1, 0] > cost:
        for column in range(4):
            spots[place, column] = spots[place - 1, column]
        place -= 1
    spots[place, 0], spots[place, 1], spots[place, 2], spots[place, 3] = cost, pred, here, start
    state.found[0] = min(keep, found + 1)
