"""The transition: the label of a leg from its predecessor's, breaks placed on the way.

A break is taken as soon as it costs nothing (it fits into a wait, or before the first stop), else at the last moment
at which it may still start and leave room for those behind it. Labels hold the earliest timing; `finish` closes a
route.
"""

from __future__ import annotations

from numba import int64, uint64

from dispatch.search.columns import (
    BEGIN,
    BREAKS,
    CLOSE,
    CLOSES,
    COST,
    COUNT,
    DEP,
    DIRECT,
    DROPOFF,
    FIRST_BREAK,
    FIRST_WINDOW,
    FOREVER,
    KIND,
    LAST_BREAK,
    LAST_WINDOW,
    LATE,
    LEAVES,
    LONGEST,
    OPENS,
    OVERTIME,
    OVERTIME_COST,
    PLACE,
    PRED,
    PUBLISHED,
    REST,
    ROUTE,
    SERVICE,
    SETUP,
    SLACK,
    SOFT,
    START,
    STATE_WIDTH,
    SUCC,
    USED,
    WAIT,
    WAIT_COST,
)  # fmt: skip
from dispatch.search.compiled import inner, woven
from dispatch.search.facts import LIKED, MOVED


@inner
def opening(facts, leg, second):
    """The first second from `second` on at which service may start; FOREVER if there is none."""
    legs = facts.legs
    for window in range(legs[leg, FIRST_WINDOW], legs[leg, LAST_WINDOW]):
        if second <= facts.windows[window, 1]:
            return max(second, facts.windows[window, 0])
    return second if legs[leg, SOFT] < FOREVER else FOREVER


@inner
def closing(facts, leg, start):
    """The last second to which a start may be put off without costing anything."""
    legs = facts.legs
    for window in range(legs[leg, FIRST_WINDOW], legs[leg, LAST_WINDOW]):
        if start <= facts.windows[window, 1]:
            return facts.windows[window, 1]
    return start


@woven
def way_cost(facts, route, leg, target):
    """What the way between two legs costs on a route."""
    stands, places = facts.stands, uint64(facts.clock.shape[1])
    row = uint64(facts.tabled[route, 1]) + uint64(stands[leg, 1]) * places
    return int64(facts.price_out[row + uint64(stands[target, 0])])


@woven
def way_seconds(facts, route, leg, target):
    """From a departure to the earliest start of service at the target, its setup included."""
    stands, places = facts.stands, uint64(facts.clock.shape[1])
    row = uint64(facts.tabled[route, 0]) + uint64(stands[leg, 1]) * places
    return int64(facts.clock_out[row + uint64(stands[target, 0])])


@woven
def rested(facts, rest, here, there, drive):
    """When a break on the way from one stop to the next is over, at the earliest: taken at the one or at the other;
    FOREVER where it cannot be. `here` and `there`: when she may begin it at either, and `drive` lies between."""
    first, last, seconds = facts.breaks[rest, 0], facts.breaks[rest, 1], facts.breaks[rest, 2]
    before, after = max(here, first), max(min(there, here + drive), first)
    return before + seconds if before <= last else FOREVER, after + seconds if after <= last else FOREVER


@woven
def due(facts, rest, last_break):
    """The last second at which a break may start so that those behind it are not late."""
    latest, over = facts.breaks[rest, 1], int64(0)
    for behind in range(rest + 1, last_break):
        over += facts.breaks[behind - 1, 2]
        latest = min(latest, facts.breaks[behind, 1] - over)
    return latest


@inner
def stop_cost(facts, route, leg, start, wait):
    """Lateness, waiting, preferences and moving of one stop."""
    legs = facts.legs
    cost = facts.routes[route, WAIT_COST] * wait
    if start > legs[leg, SOFT]:
        cost += legs[leg, LATE] * (start - legs[leg, SOFT])
    if facts.flags[LIKED]:
        cost += facts.liking[leg, route]
    if facts.weights[MOVED] and legs[leg, PUBLISHED] >= 0:
        cost += facts.weights[MOVED] * abs(start - legs[leg, PUBLISHED])
    return cost


@inner
def timed(facts, state, pred, leg, route, floor, out):
    """Write the label of `leg` after `pred`, starting no earlier than `floor`, to `out`; False if it does not fit."""
    rows, legs, breaks = state.rows, facts.legs, facts.breaks
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    at_start = pred >= sentinels
    departure, way = rows[pred, DEP], way_seconds(facts, route, pred, leg)
    ready = departure + way
    start = opening(facts, leg, max(ready, floor))
    taken, rest, rigid = rows[pred, BREAKS], rows[pred, REST], False
    over = facts.routes[route, OPENS]  # the breaks before the first stop, one after another
    last_break = facts.routes[route, LAST_BREAK]
    direct = legs[leg, DIRECT] == 1 and legs[leg, KIND] == DROPOFF
    here, there = departure, FOREVER
    while start < FOREVER and facts.routes[route, FIRST_BREAK] + taken < last_break:
        coming = facts.routes[route, FIRST_BREAK] + taken
        leaves = start + legs[leg, SERVICE]
        if rows[leg, SUCC] >= sentinels:  # nothing follows: the next chance is at home
            leaves += way_seconds(facts, route, leg, rows[leg, SUCC])
        forced = leaves > due(facts, coming, last_break)
        if direct and forced:
            return False
        if direct or not (forced or breaks[coming, 0] + breaks[coming, 2] <= start):  # over too late to cost nothing
            break
        if at_start:
            early = max(over, breaks[coming, 0])
            over = early + breaks[coming, 2]
            later = max(over, departure) + way if early <= breaks[coming, 1] else FOREVER
        else:
            setup = legs[leg, SETUP] if way > 0 and legs[pred, LEAVES] != legs[leg, PLACE] else 0
            here, there = rested(facts, coming, here, there, way - setup)
            later = min(here + way, there + setup)
        begins = opening(facts, leg, max(later, floor)) if later < FOREVER else FOREVER
        if not (forced or begins == start):
            break
        if begins >= FOREVER:
            return False
        taken += 1
        if not at_start:
            rest += breaks[coming, 2]
            rigid = True
        start, ready = begins, later
    if start > legs[leg, CLOSE] or start > facts.routes[route, CLOSES]:
        return False
    wait = 0 if at_start else start - ready
    out[START], out[DEP] = start, start + legs[leg, SERVICE]
    out[BREAKS], out[REST] = taken, rest
    out[WAIT] = rows[pred, WAIT] + wait
    out[BEGIN] = start - way_seconds(facts, route, pred, leg) if at_start else rows[pred, BEGIN]
    slack = min(rows[pred, SLACK], rows[pred, WAIT]) if rigid else rows[pred, SLACK]
    out[SLACK] = min(slack, out[WAIT] + min(closing(facts, leg, start), facts.routes[route, CLOSES]) - start)
    out[COST] = way_cost(facts, route, pred, leg) + stop_cost(facts, route, leg, start, wait)
    return True


@inner
def finish(facts, state, end, out):
    """Write the label of a route's end sentinel to `out`; False if breaks, the shift's end or its work forbid it."""
    rows, pred, route = state.rows, state.rows[end, PRED], state.rows[end, ROUTE]
    start = end - facts.routes.shape[0]
    for column in range(STATE_WIDTH):
        out[column] = 0
    if rows[start, COUNT] == 0:
        return True
    arrival = rows[pred, DEP] + way_seconds(facts, route, pred, end)
    rest, after = rows[pred, REST], arrival
    for coming in range(facts.routes[route, FIRST_BREAK] + rows[pred, BREAKS], facts.routes[route, LAST_BREAK]):
        after = max(after, facts.breaks[coming, 0])  # a break lies between two stops or outside the route
        if after > facts.breaks[coming, 1]:
            return False
        after += facts.breaks[coming, 2]
    if arrival > facts.routes[route, CLOSES]:
        return False
    put_off = min(rows[pred, SLACK], rows[pred, WAIT])
    work = arrival - rows[pred, BEGIN] - rest
    if work - put_off > facts.routes[route, LONGEST]:
        return False
    out[START] = out[DEP] = arrival
    out[REST], out[BEGIN], out[WAIT] = rest, rows[pred, BEGIN], work
    over = max(0, work - put_off - facts.routes[route, OVERTIME])
    out[COST] = (
        way_cost(facts, route, pred, end) + facts.routes[route, USED] + facts.routes[route, OVERTIME_COST] * over
    )
    return True
