"""The ways into these kernels: the cheapest ways to serve a task, going one of them, taking tasks out, repairing."""

from __future__ import annotations

from numba import int64

from dispatch.live.kernels.bounds import find_bears, find_rested
from dispatch.live.kernels.compiled import inner, kernel
from dispatch.live.kernels.crews import search_crew
from dispatch.live.kernels.handle import (
    BOUND,
    FOUND,
    KEEP,
    KEPT,
    KEY,
    LATER_KEY,
    NOW,
    PRED,
    PREDS,
    SECOND,
    TRIED,
)
from dispatch.live.kernels.heap import heapify, pop_place
from dispatch.live.kernels.keeping import cost_now
from dispatch.live.kernels.placing import place_delivery, place_visit
from dispatch.live.kernels.promises import freeze, none_before_now, open_from, release
from dispatch.live.kernels.rides import search_rides
from dispatch.live.kernels.telling import tell
from dispatch.live.kernels.trials import end_trial, start_afresh
from dispatch.live.kernels.visits import gather, is_over, try_visit
from dispatch.search.columns import (
    ABOARD,
    FIRST_LEG,
    FROZEN,
    KIND,
    LAST_LEG,
    NEVER,
    PENALTY,
    PICKUP,
    ROUTE,
    START,
    SUCC,
)
from dispatch.search.linking import take
from dispatch.search.settling import settle
from dispatch.search.state import forget, push


@kernel
def search_ways(facts, state, live, task, keep):
    """Leave the `keep` cheapest ways to serve a task in `live.best`, each timed exactly; how many there are. What is
    pinned to the head of a route is never inserted."""
    return _search_ways(facts, state, live, task, keep)


@inner
def _search_ways(facts, state, live, task, keep):
    live.counters[KEEP], live.counters[KEPT], live.counters[TRIED] = keep, 0, 0
    forget(state)
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if facts.tasks[task, FROZEN] == 1:
        return int64(0)
    gained = facts.tasks[task, PENALTY]
    for leg in range(first, last):
        open_from(facts, live, leg, int64(NEVER))
    if facts.legs[first, KIND] == PICKUP:
        search_rides(facts, state, live, task, gained)
    elif last - first > 1:
        search_crew(facts, state, live, task, gained)
    else:
        _search_visit(facts, state, live, task, gained)
    for leg in range(first, last):
        open_from(facts, live, leg, int64(NEVER))
    return int64(live.counters[KEPT])


@inner
def _search_visit(facts, state, live, task, gained):
    """The cheapest ways for one leg."""
    live.counters[FOUND] = 0
    gather(facts, state, live, facts.tasks[task, FIRST_LEG])
    heapify(live)
    for left in range(live.counters[FOUND], 0, -1):
        number = pop_place(live, left)
        if is_over(live, live.places[number, BOUND], gained):
            return
        state.choice[0] = live.places[number, PRED]
        live.counters[TRIED] += 1
        try_visit(facts, state, live, task)


@kernel
def go(facts, state, live, task, way, told):
    """Serve a task in a way that `search_ways` found, and tell what that did: rows written. −1, and everything as it
    was, if it does not fit any more."""
    if not _go(facts, state, live, task, way):
        return int64(-1)
    return int64(tell(facts, state, task, told))


@inner
def _go(facts, state, live, task, way):
    trial = start_afresh(state)
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if facts.legs[first, KIND] == PICKUP:
        fits = place_delivery(facts, state, live, task, way[PREDS], way[SECOND], way[KEY], way[LATER_KEY])
    else:
        for member in range(last - first):
            state.choice[member] = way[PREDS + member]
        fits = place_visit(facts, state, live, task, way[KEY])
    if not fits:
        end_trial(state, trial)
    return fits


@kernel
def back(facts, state, live, task):
    """Take back the last `go`, which served this task."""
    end_trial(state, int64(0))
    for leg in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
        open_from(facts, live, leg, int64(NEVER))


@kernel
def whole(facts, state):
    """The state's cost, by all terms."""
    return cost_now(facts, state)


@kernel
def drop(facts, state, live, tasks):
    """Take tasks out and time what is left; False if that does not fit (the caller has a copy)."""
    forget(state)
    left_aboard = False  # takes the room of what was to be fetched later
    for place in range(tasks.shape[0]):
        task = tasks[place]
        left_aboard |= facts.legs[facts.tasks[task, FIRST_LEG], KIND] == ABOARD
        take(facts, state, task)
        for leg in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
            release(facts, live, leg)
    freeze(facts, state, live, live.counters[NOW])
    for route in range(facts.routes.shape[0]):
        none_before_now(facts, state, live, route)
    fits = settle(facts, state)
    for route in range(facts.routes.shape[0] if left_aboard else 0):
        fits &= _has_room(facts, state, route)
    find_bears(facts, state, live)  # with less on them, rides and breaks leave more room
    find_rested(facts, state, live)
    return fits


@kernel
def rest_anew(facts, state, live, routes):
    """Count the breaks of routes as they are held now: one that was owed after the route may lie before it once it
    begins later. Nothing else may come of it, or all stays as it was."""
    trial = start_afresh(state)
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    for place in range(routes.shape[0]):
        push(state, state.rows[sentinels + routes[place], SUCC])
    fits = settle(facts, state)
    for leg in range(sentinels):
        fits &= state.rows[leg, ROUTE] < 0 or state.rows[leg, START] == live.promise[leg]
    if not fits:
        end_trial(state, trial)


@inner
def _has_room(facts, state, route):
    """Whether everything that a route fetches has room."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    leg, fits = state.rows[sentinels + route, SUCC], True
    while leg < sentinels:
        for load in range(facts.demand.shape[1]):
            if facts.legs[leg, KIND] == PICKUP and state.loads[leg, load] > facts.room[route, load]:
                fits = False
        leg = state.rows[leg, SUCC]
    return fits


@kernel
def insert_best(facts, state, live, task):
    """Serve a task where it costs least; False if it fits nowhere."""
    if _search_ways(facts, state, live, task, int64(1)) == 0:
        return False
    return _go(facts, state, live, task, live.best[0])
