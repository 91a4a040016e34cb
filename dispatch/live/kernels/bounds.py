"""Quick tests that no insertion which can be timed fails: what rides and breaks leave of a gap between two stops."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner, kernel, woven
from dispatch.live.kernels.ways import seconds_in
from dispatch.search.columns import (
    BONDS,
    BONDS_END,
    BREAKS,
    CLOSES,
    DEP,
    ELDER,
    FIRST_BREAK,
    FIRST_LEG,
    FOREVER,
    LAST_BREAK,
    LAST_LEG,
    LATEST,
    LEAVES,
    NEVER,
    OPENS,
    PARTNER,
    PICKED,
    PLACE,
    PRED,
    RIDE,
    ROUTE,
    SERVICE,
    SETUP,
    SUCC,
)  # fmt: skip
from dispatch.search.latest import last_within
from dispatch.search.timing import opening, rested, way_seconds


@kernel
def find_bears(facts, state, live):
    """Work out by how many seconds the way to each stop may grow before a ride that passes it lasts too long, were
    nobody to wait or rest on it. A ride may begin later, so that nothing follows for the stop's start."""
    rows, legs, bears = state.rows, facts.legs, live.bears
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    for leg in range(legs.shape[0]):
        bears[leg] = FOREVER
    for leg in range(sentinels):
        if rows[leg, ROUTE] < 0 or legs[leg, RIDE] < 0:
            continue
        room = _room(facts, state, leg)
        first = rows[legs[leg, PARTNER], SUCC] if legs[leg, PICKED] < 0 else rows[sentinels + rows[leg, ROUTE], SUCC]
        here = leg
        while True:
            bears[here] = min(bears[here], room)
            if here == first:
                break
            here = rows[here, PRED]


@inner
def _room(facts, state, leg):
    """The seconds that a ride may last longer than it would without waiting and breaks."""
    rows, legs, route, sentinels = state.rows, facts.legs, state.rows[leg, ROUTE], state.rows.shape[0]
    sentinels -= 2 * facts.routes.shape[0]
    pred, here = rows[leg, PRED], leg
    spent = way_seconds(facts, route, pred, leg) - (legs[leg, SETUP] if legs[pred, LEAVES] != legs[leg, PLACE] else 0)
    while pred < sentinels and pred != legs[leg, PARTNER]:
        pred, here = rows[pred, PRED], pred
        spent += way_seconds(facts, route, pred, here) + legs[here, SERVICE]
    if legs[leg, PICKED] >= 0:
        spent += rows[pred, DEP] - legs[leg, PICKED]
    return legs[leg, RIDE] - spent


@woven
def lasts_too_long(facts, live, succ, more):
    """Whether a ride that passes `succ` cannot bear a way there that is so many seconds longer. Setup may be paid there
    that was not before: it is not part of a ride that ends there."""
    return more - facts.legs[succ, SETUP] > live.bears[succ]


@kernel
def find_rested(facts, state, live):
    """Work out the latest start of every stop and every end, were the last break of its route still to come: in the way
    behind it, in a later one, or at home. Other breaks, rides, crews and bonds are left out."""
    rows, routes = state.rows, facts.routes
    sentinels = facts.legs.shape[0] - 2 * routes.shape[0]
    for route in range(routes.shape[0]):
        last = routes[route, LAST_BREAK] - 1
        if last < routes[route, FIRST_BREAK]:
            continue
        leg = sentinels + routes.shape[0] + route
        live.rested[leg] = min(routes[route, CLOSES], facts.breaks[last, 1])
        leg = rows[leg, PRED]
        while leg < sentinels:
            limit = _departs(facts, state, live, leg, rows[leg, SUCC], route) - facts.legs[leg, SERVICE]
            live.rested[leg] = last_within(facts, leg, min(limit, routes[route, CLOSES]))
            leg = rows[leg, PRED]


@inner
def _departs(facts, state, live, leg, succ, route):
    """The latest departure of a leg towards `succ` with the route's last break on the way or later."""
    legs, rest = facts.legs, facts.routes[route, LAST_BREAK] - 1
    first, last, seconds = facts.breaks[rest, 0], facts.breaks[rest, 1], facts.breaks[rest, 2]
    way = way_seconds(facts, route, leg, succ)
    later = live.rested[succ] - way
    if succ >= legs.shape[0] - 2 * facts.routes.shape[0]:
        return later
    setup = legs[succ, SETUP] if way > 0 and legs[leg, LEAVES] != legs[succ, PLACE] else 0
    begins = min(last, state.rows[succ, LATEST] - seconds - way)
    if begins >= first:
        later = max(later, begins)
    begins = min(last, state.rows[succ, LATEST] - seconds - setup)
    if begins >= first:
        later = max(later, begins - way + setup)
    return later


@inner
def span(facts, state, live, leg, pred, ready, shut):
    """From when to when a leg could start behind `pred`, reached at `ready` without a break on the way: (earliest,
    latest), earliest above latest if never. A hull: not every second in between need fit."""
    rows, legs, routes = state.rows, facts.legs, facts.routes
    succ, route = rows[pred, SUCC], rows[pred, ROUTE]
    away, way = legs[leg, SERVICE] + way_seconds(facts, route, leg, succ), seconds_in(facts, live, route, pred, leg)
    if lasts_too_long(facts, live, succ, way + away - way_seconds(facts, route, pred, succ)):
        return FOREVER, NEVER
    latest = min(shut, rows[succ, LATEST] - away)
    rest = routes[route, LAST_BREAK] - 1
    sentinels = legs.shape[0] - 2 * routes.shape[0]
    taken = 0 if pred >= sentinels else rows[pred, BREAKS]
    if routes[route, FIRST_BREAK] + taken > rest:  # all are behind
        return opening(facts, leg, ready), latest
    setup = legs[leg, SETUP] if way > 0 and legs[pred, LEAVES] != legs[leg, PLACE] else 0
    if pred >= sentinels:
        over = max(rows[pred, DEP], max(routes[route, OPENS], facts.breaks[rest, 0]) + facts.breaks[rest, 2]) + way
    else:
        here, there = rested(facts, rest, rows[pred, DEP], FOREVER, way - setup)
        over = min(here + way, there + setup)
    sooner = opening(facts, leg, max(ready, over)) if over < FOREVER else FOREVER  # with the break ahead of it
    plain = opening(facts, leg, ready)
    later = min(shut, _departs(facts, state, live, leg, succ, route) - legs[leg, SERVICE])
    if plain > later:
        return sooner, latest
    if sooner > latest:
        return plain, later
    return plain, max(later, latest)


@inner
def elder_spares(facts, state, task, earliest, latest):
    """Whether a start in this span could leave room for each other visit of the elder, before or after it."""
    rows, tasks = state.rows, facts.tasks
    lasts = 0
    for leg in range(tasks[task, FIRST_LEG], tasks[task, LAST_LEG]):
        lasts = max(lasts, facts.legs[leg, SERVICE])
    for bond in range(tasks[task, BONDS], tasks[task, BONDS_END]):
        if facts.bonds[bond, 0] != ELDER:
            continue
        first, last = tasks[facts.bonds[bond, 1], FIRST_LEG], tasks[facts.bonds[bond, 1], LAST_LEG]
        if rows[first, ROUTE] < 0:
            continue
        over, bears = 0, FOREVER
        for leg in range(first, last):
            over, bears = max(over, rows[leg, DEP]), min(bears, rows[leg, LATEST])
        if latest < over and earliest + lasts > bears:
            return False
    return True
