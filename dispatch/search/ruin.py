"""Ruin: strings of neighbouring stops are taken out of routes near a seed (Christiaens & Vanden Berghe 2020, section
5.2, doi:10.1287/trsc.2019.0914). A task leaves with all its legs, so a string may open gaps on other routes too.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.chance import below, uniform
from dispatch.search.columns import (
    COUNT,
    FIRST_LEG,
    FROZEN,
    KIND,
    LAST_LEG,
    PARTNER,
    PICKUP,
    PRED,
    ROUTE,
    SUCC,
    TASK,
    VISIT,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.linking import take

# longest string (L^max in the paper), tasks removed on average (c̄), chance of keeping a piece in the middle of a
# string, chance of making that piece one longer
STRINGS = (10.0, 10.0, 0.5, 0.01)
LONG_STRINGS = (15.0, 12.0, 0.5, 0.9)  # for many tasks: found on Homberger's instances of 400 and 1,000
MANY_TASKS = 300


@inner
def ruin(facts, state, chance, setting, per_route):
    """Take strings out around a random leg; their tasks go to `state.removed`, the count and the leg are returned.
    `setting` holds longest string, mean removed, chance of a split, its growth; a string is no longer than the mean
    route, `per_route`."""
    tasks, rows = facts.tasks, state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    seed = tasks[below(chance, tasks.shape[0]), FIRST_LEG]
    if facts.legs[seed, KIND] == PICKUP and uniform(chance) < 0.5:
        seed = facts.legs[seed, PARTNER]
    longest = min(setting[0], per_route)
    strings = int(uniform(chance) * (4.0 * setting[1] / (1.0 + longest) - 1.0) + 1.0)
    count, done = int64(0), 0
    state.seen[0] += 1
    for rank in range(facts.near.shape[1]):
        if done >= strings:
            break
        leg = facts.near[seed, rank]
        if leg < 0:
            break
        leg = _member(facts, leg, chance)
        route = rows[leg, ROUTE]
        if route < 0 or state.seen[1 + route] == state.seen[0] or tasks[facts.legs[leg, TASK], FROZEN] == 1:
            continue
        state.seen[1 + route] = state.seen[0]
        done += 1
        on_route = rows[sentinels + route, COUNT]
        length = min(on_route, int(uniform(chance) * min(float(on_route), longest) + 1.0))
        count = _take_string(facts, state, leg, length, count, chance, setting)
    return count, seed


@inner
def _member(facts, leg, chance):
    """One of the crew whose first member a leg is, or the leg itself."""
    task = facts.legs[leg, TASK]
    if facts.legs[leg, KIND] != VISIT:
        return leg
    return int64(leg + below(chance, facts.tasks[task, LAST_LEG] - leg))


@inner
def stops_per_route(facts, state):
    """How many stops a route in use has on average."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    stops, used = 0, 0
    for route in range(facts.routes.shape[0]):
        on_route = state.rows[sentinels + route, COUNT]
        stops += on_route
        used += 1 if on_route > 0 else 0
    return stops / max(1, used)


@inner
def _take_string(facts, state, leg, length, count, chance, setting):
    """Take a string of `length` legs that contains `leg`, perhaps leaving a piece in its middle; the new count."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    on_route = rows[sentinels + rows[leg, ROUTE], COUNT]
    kept = 0
    if 1 < length < on_route and uniform(chance) < setting[2]:
        kept = 1
        while length + kept < on_route and uniform(chance) < setting[3]:
            kept += 1
    whole = length + kept
    skip = 1 + below(chance, length - 1) if kept > 0 else whole
    here = _first_of_string(facts, state, leg, whole, chance)
    for place in range(whole):
        if here >= sentinels:
            break
        task, following = facts.legs[here, TASK], rows[here, SUCC]
        if not skip <= place < skip + kept and facts.tasks[task, FROZEN] == 0:
            while following < sentinels and facts.legs[following, TASK] == task:
                following = rows[following, SUCC]
            take(facts, state, task)
            state.removed[count] = task
            count += 1
        here = following
    return count


@inner
def _first_of_string(facts, state, leg, whole, chance):
    """Where a string of `whole` legs begins: at random, so that it contains `leg` and lies on its route."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    ahead, here = 0, leg
    while ahead < whole - 1 and rows[here, PRED] < sentinels:
        here = rows[here, PRED]
        ahead += 1
    behind, there = 0, leg
    while behind < whole - 1 and rows[there, SUCC] < sentinels:
        there = rows[there, SUCC]
        behind += 1
    least = max(0, whole - 1 - behind)
    here = leg
    for _ in range(least + below(chance, ahead - least + 1)):
        here = rows[here, PRED]
    return here
