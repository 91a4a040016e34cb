"""Where a delivery could go: its drop-off beside its neighbours, and from there back along the route for its pickup.

A pickup mostly costs nothing where the route passes its kitchen anyway, so the drop-off's detour decides; one that is
dearer than the places kept is not looked at further. The way back ends where the ride or the load would be exceeded.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.columns import (
    CLOSE,
    COUNT,
    DEP,
    DIRECT,
    LATEST,
    PRED,
    ROUTE,
    SERVICE,
    START,
    SUCC,
    TASK,
    WAY,
)
from dispatch.search.compiled import inner
from dispatch.search.facts import LIKED, TIMED
from dispatch.search.places import blinks, bonds_allow, first_unused, open_to
from dispatch.search.ride_walks import carries, joins, keep_ride, short_enough, walk_route, worst
from dispatch.search.timing import opening, stop_cost, way_cost, way_seconds

NOWHERE = -1


@inner
def search_rides(facts, state, pickup, dropoff, keep, blink, chance):
    """Fill `spots[0]` with the cheapest places of a delivery: on unused routes, and where either end has its
    neighbours; if there are none and nothing is overlooked, on any route. A spot's columns: cost, the pickup's
    predecessor, the drop-off's (the pickup itself if it comes right behind), a start."""
    state.found[0] = 0
    for type_ in range(facts.types.shape[0] - 1):
        route = first_unused(facts, state, type_)
        if route >= 0:
            walk_route(facts, state, pickup, dropoff, route, keep)
    _beside(facts, state, pickup, dropoff, dropoff, keep, blink, chance)
    _beside(facts, state, pickup, dropoff, pickup, keep, blink, chance)
    if state.found[0] == 0 and blink == 0.0:
        sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
        for route in range(facts.routes.shape[0]):
            if state.rows[sentinels + route, COUNT] > 0:
                walk_route(facts, state, pickup, dropoff, route, keep)


@inner
def _beside(facts, state, pickup, dropoff, end, keep, blink, chance):
    """Places of the drop-off beside the neighbours of either end, some of them overlooked."""
    rows = state.rows
    for rank in range(facts.before.shape[1]):
        other = int64(facts.before[end, rank])
        if other < 0:
            break
        if rows[other, ROUTE] >= 0 and not (blink > 0.0 and blinks(state, blink, chance)):
            _behind(facts, state, pickup, dropoff, other, keep)
    for rank in range(facts.after.shape[1]):
        other = int64(facts.after[end, rank])
        if other < 0:
            break
        if rows[other, ROUTE] >= 0 and not (blink > 0.0 and blinks(state, blink, chance)):
            _behind(facts, state, pickup, dropoff, rows[other, PRED], keep)


@inner
def _behind(facts, state, pickup, dropoff, here, keep):
    """Places whose drop-off comes behind `here`, its pickup right before it or earlier on the route."""
    rows, legs = state.rows, facts.legs
    route, succ = rows[here, ROUTE], rows[here, SUCC]
    if not facts.allowed[pickup, route] or rows[here, DEP] > legs[dropoff, CLOSE]:
        return
    home = way_cost(facts, route, dropoff, succ) - rows[here, WAY]
    both = way_cost(facts, route, here, pickup) + way_cost(facts, route, pickup, dropoff) + home
    detour = way_cost(facts, route, here, dropoff) + home
    if min(both, detour) >= worst(state, keep):
        return
    begins = opening(facts, dropoff, rows[here, DEP] + way_seconds(facts, route, here, dropoff))
    leaves = begins + legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
    if begins > legs[dropoff, CLOSE] or leaves > rows[succ, LATEST]:
        return
    if not bonds_allow(facts, state, legs[pickup, TASK], pickup, route):
        return
    if both < worst(state, keep) and open_to(facts, state, pickup, here):
        _try(facts, state, pickup, dropoff, here, pickup, both, keep)
    if legs[pickup, DIRECT] == 0 and open_to(facts, state, dropoff, here):
        _back(facts, state, pickup, dropoff, here, detour, keep)


@inner
def _back(facts, state, pickup, dropoff, here, detour, keep):
    """Walk back from `here` and try the pickup before every leg on the way."""
    rows, legs, route = state.rows, facts.legs, state.rows[here, ROUTE]
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    leg, ridden = here, way_seconds(facts, route, here, dropoff)
    while leg < sentinels and detour < worst(state, keep):
        ridden += legs[leg, SERVICE]
        if not carries(facts, state, pickup, leg, route) or not short_enough(facts, dropoff, here, ridden):
            return
        pred = rows[leg, PRED]
        there = way_cost(facts, route, pred, pickup) + way_cost(facts, route, pickup, leg) - rows[pred, WAY]
        if (
            detour + there < worst(state, keep)
            and not joins(facts, pickup, leg)
            and carries(facts, state, pickup, pred, route)
            and open_to(facts, state, pickup, pred)
        ):
            _try(facts, state, pickup, dropoff, pred, here, detour + there, keep)
        ridden += way_seconds(facts, route, pred, leg)
        leg = pred


@inner
def _try(facts, state, pickup, dropoff, pred, here, cost, keep):
    """Keep a place if both ends, and what lies between them, are reached in time."""
    rows, legs, route = state.rows, facts.legs, state.rows[pred, ROUTE]
    start = opening(facts, pickup, rows[pred, DEP] + way_seconds(facts, route, pred, pickup))
    if start > legs[pickup, CLOSE] or not carries(facts, state, pickup, pred, route):
        return
    clock = _clock_behind(facts, state, pickup, pred, here, start)
    if clock == NOWHERE:
        return
    succ = rows[pred, SUCC] if here == pickup else rows[here, SUCC]
    way = way_seconds(facts, route, here, dropoff)
    begins = opening(facts, dropoff, clock + way)
    leaves = begins + legs[dropoff, SERVICE] + way_seconds(facts, route, dropoff, succ)
    if begins > legs[dropoff, CLOSE] or leaves > rows[succ, LATEST]:
        return
    if here == pickup and not short_enough(facts, dropoff, here, way):
        return
    if facts.flags[TIMED] or facts.flags[LIKED]:
        cost += stop_cost(facts, route, pickup, start, int64(0)) + stop_cost(facts, route, dropoff, begins, int64(0))
    keep_ride(state, cost, pred, here, start, keep)


@inner
def _clock_behind(facts, state, pickup, pred, here, start):
    """When the route leaves `here` if the pickup behind `pred` starts at `start`; NOWHERE if it comes too late to some
    stop between."""
    rows, legs, route = state.rows, facts.legs, state.rows[pred, ROUTE]
    last, leg, clock = pickup, rows[pred, SUCC], start + legs[pickup, SERVICE]
    while last != here:
        begins = max(opening(facts, leg, clock + way_seconds(facts, route, last, leg)), rows[leg, START])
        if begins > rows[leg, LATEST]:
            return NOWHERE
        if begins == rows[leg, START]:
            return rows[here, DEP]  # a wait has swallowed the delay
        clock = begins + legs[leg, SERVICE]
        last, leg = leg, rows[leg, SUCC]
    return clock
