"""Putting a task in places that are known, and timing what that touches."""

from __future__ import annotations

from numba import int64

from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import NOW
from dispatch.live.kernels.promises import open_from
from dispatch.live.kernels.ways import put_behind, seconds_in
from dispatch.search.columns import DEP, FIRST_LEG, KEY, LAST_LEG, NEVER, OPEN, ROUTE, SUCC
from dispatch.search.linking import NO_KEY, key_between, reload_placed, served
from dispatch.search.places import bond_keys
from dispatch.search.settling import settle


@inner
def leave_now(facts, state, live, leg, pred):
    """When a leg put behind `pred` could start if its caregiver left for it now. That its departure lies in the past
    helps nobody."""
    if pred != live.tails[state.rows[pred, ROUTE]]:
        return NEVER  # everything behind the tail departs later
    return live.counters[NOW] + seconds_in(facts, live, state.rows[pred, ROUTE], pred, leg)


@inner
def place_visit(facts, state, live, task, key):
    """Put all members behind the legs named in `state.choice`, with this key, and time it; False if it does not fit
    (the caller undoes)."""
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    for leg in range(first, last):
        if not open_from(facts, live, leg, leave_now(facts, state, live, leg, state.choice[leg - first])):
            return False
    for leg in range(first, last):
        put_behind(facts, state, live, leg, state.choice[leg - first], key)
    for leg in range(first, last):
        reload_placed(facts, state, leg)
    served(facts, state, task)
    return settle(facts, state)


@inner
def delivery_keys(facts, state, task, pred, behind):
    """Keys for a pickup behind `pred` and a drop-off behind `behind` (`pred` again: right after the pickup)."""
    rows, first = state.rows, facts.tasks[task, FIRST_LEG]
    low, high = bond_keys(facts, state, task)
    floor, ceiling = max(low, rows[pred, KEY]), rows[rows[pred, SUCC], KEY]
    if floor >= ceiling:
        return NO_KEY, NO_KEY
    begins = max(facts.legs[first, OPEN], rows[pred, DEP])
    key = key_between(floor, ceiling, begins)
    if key == NO_KEY:
        return NO_KEY, NO_KEY
    floor = key if behind == pred else rows[behind, KEY]
    ceiling = min(high, rows[rows[behind, SUCC], KEY])
    if floor >= ceiling:
        return NO_KEY, NO_KEY
    return key, key_between(floor, ceiling, max(begins, rows[behind, DEP]))


@inner
def place_delivery(facts, state, live, task, pred, behind, key, later_key):
    """Put a pickup behind `pred` and its drop-off behind `behind`, and time it; False if it does not fit."""
    pickup = facts.tasks[task, FIRST_LEG]
    open_from(facts, live, pickup + 1, int64(NEVER))
    if not open_from(facts, live, pickup, leave_now(facts, state, live, pickup, pred)):
        return False
    put_behind(facts, state, live, pickup, pred, key)
    put_behind(facts, state, live, pickup + 1, pickup if behind == pred else behind, later_key)
    reload_placed(facts, state, pickup)
    served(facts, state, task)
    return settle(facts, state)
