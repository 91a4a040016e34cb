"""Exchange of what two routes do in a stretch of time, or from some time on (2-opt*, Potvin & Rousseau 1995,
doi:10.1057/jors.1995.204; cross-exchange, Taillard et al. 1997, doi:10.1287/trsc.31.2.170). Legs keep their keys, so
crews whose members change routes still meet.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.chance import uniform
from dispatch.search.columns import (
    BONDS,
    BONDS_END,
    CLOSE,
    DEP,
    FIRST_LEG,
    FROZEN,
    KEY,
    KIND,
    LAST_LEG,
    LOADED,
    PRED,
    ROUTE,
    START,
    SUCC,
    TASK,
    VISIT,
    WAY,
    WHO,
)
from dispatch.search.compiled import inner
from dispatch.search.facts import CARRIES, PLAIN
from dispatch.search.linking import put, reload_placed, unlink
from dispatch.search.places import open_to
from dispatch.search.settling import settle_within
from dispatch.search.state import KEY_BITS, LEFT_OUT, WAYS, begin, clear, undo
from dispatch.search.timing import way_cost, way_seconds

STRETCH = 0.6  # chance of exchanging a stretch instead of all that follows
REACH = 0.6  # how far a stretch reaches at most, as a share of what is left of the route


@inner
def exchange(facts, state, one, two, ceiling, chance):
    """Let what follows `one` on its route change places with `two` and what follows it; whether it was done."""
    rows = state.rows
    before_two, after_one = rows[two, PRED], rows[one, SUCC]
    if rows[one, ROUTE] == rows[two, ROUTE] or (
        max(_rank(facts, state, one), _rank(facts, state, before_two))
        >= min(_rank(facts, state, after_one), _rank(facts, state, two))
    ):
        return False
    end_one, end_two = _ends(facts, state, one, two, chance)
    if _ways(facts, state, one, end_one, before_two, end_two) > ceiling or (
        rows[one, DEP] + way_seconds(facts, rows[one, ROUTE], one, two) > facts.legs[two, CLOSE]
    ):
        return False
    if not _may_move(facts, state, after_one, end_one, before_two) or not _may_move(facts, state, two, end_two, one):
        return False
    back_to = begin(state)
    if _exchanged(facts, state, one, end_one, before_two, end_two) and settle_within(facts, state, ceiling):
        return True
    clear(state)
    undo(state, back_to)
    return False


@inner
def _rank(facts, state, leg):
    """What grows along a route: keys, or starts where there are no keys."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    return rows[leg, START] << KEY_BITS if facts.flags[PLAIN] and leg < sentinels else rows[leg, KEY]


@inner
def _ends(facts, state, one, two, chance):
    """What comes after the two stretches: the routes' ends, or the first stops after some time."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    end_one = sentinels + facts.routes.shape[0] + rows[one, ROUTE]
    end_two = sentinels + facts.routes.shape[0] + rows[two, ROUTE]
    if uniform(chance) < STRETCH:
        left = rows[rows[end_two, PRED], START] - rows[two, START] + 1
        until = _rank(facts, state, two) + (int(uniform(chance) * REACH * left) << KEY_BITS)
        end_one, end_two = rows[one, SUCC], two
        while end_one < sentinels and _rank(facts, state, end_one) <= until:
            end_one = rows[end_one, SUCC]
        while end_two < sentinels and _rank(facts, state, end_two) <= until:
            end_two = rows[end_two, SUCC]
    return end_one, end_two


@inner
def _ways(facts, state, one, end_one, before_two, end_two):
    """The ways of the whole state, and what is left out, after the exchange; way prices of other modes and the use of
    routes are taken as they are now, so it is exact for routes of one type only, and a good guess otherwise."""
    rows = state.rows
    after_one, two = rows[one, SUCC], rows[before_two, SUCC]
    last_one, last_two = rows[end_one, PRED], rows[end_two, PRED]
    first, second = rows[one, ROUTE], rows[two, ROUTE]
    ways = state.counters[WAYS] + state.counters[LEFT_OUT]
    ways -= rows[before_two, WAY] + rows[last_two, WAY]
    ways += way_cost(facts, first, one, two) + way_cost(facts, first, last_two, end_one)
    if after_one == end_one:
        return ways - rows[one, WAY] + way_cost(facts, second, before_two, end_two)
    ways -= rows[one, WAY] + rows[last_one, WAY]
    return ways + way_cost(facts, second, before_two, after_one) + way_cost(facts, second, last_one, end_two)


@inner
def _may_move(facts, state, leg, end, pred):
    """Whether all legs from `leg` to before `end` may go behind `pred` on its route."""
    rows, legs, route = state.rows, facts.legs, state.rows[pred, ROUTE]
    if leg != end and not open_to(facts, state, leg, pred):
        return False
    while leg != end:
        kind, task = legs[leg, KIND], legs[leg, TASK]
        if kind != VISIT and (kind != LOADED or facts.flags[CARRIES]):
            return False  # deliveries with both ends on the way stay together with them
        if not facts.allowed[leg, route] or facts.tasks[task, FROZEN] == 1:
            return False
        if facts.tasks[task, BONDS] < facts.tasks[task, BONDS_END]:
            return False
        for member in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
            if member != leg and facts.routes[rows[member, ROUTE], WHO] == facts.routes[route, WHO]:
                return False
        leg = rows[leg, SUCC]
    return True


@inner
def _exchanged(facts, state, one, end_one, before_two, end_two):
    """Take both stretches out and put them back on the other route; False if one has no room for its new load."""
    rows, moved = state.rows, state.moved
    count = _unlinked(facts, state, rows[one, SUCC], end_one, int64(0))
    whole = _unlinked(facts, state, rows[before_two, SUCC], end_two, count)
    pred = one
    for place in range(count, whole):
        put(facts, state, moved[place], pred, rows[moved[place], KEY])
        pred = moved[place]
    pred = before_two
    for place in range(count):
        put(facts, state, moved[place], pred, rows[moved[place], KEY])
        pred = moved[place]
    for place in range(whole):
        reload_placed(facts, state, moved[place])
    return _has_room(facts, state, rows[one, ROUTE]) and _has_room(facts, state, rows[before_two, ROUTE])


@inner
def _unlinked(facts, state, leg, end, count):
    """Take the legs from `leg` to before `end` out and write them to `moved`; how many it holds then."""
    while leg != end:
        following = state.rows[leg, SUCC]
        unlink(facts, state, leg)
        state.moved[count] = leg
        count += 1
        leg = following
    return count


@inner
def _has_room(facts, state, route):
    start = facts.legs.shape[0] - 2 * facts.routes.shape[0] + route
    fits = True
    for load in range(facts.demand.shape[1]):
        fits = fits and state.loads[start, load] <= facts.room[route, load]
    return fits
