"""Promises: a stop that was promised a start never starts earlier. Its windows in the facts are cut off before it.

So the search's own timing, which starts everything as early as it can, gives the promised starts again, and later ones
only where a change leaves no other way. What has begun can start at no other time at all.
"""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner, kernel
from dispatch.live.kernels.handle import FIRST, NOW, SHUT
from dispatch.search.columns import (
    CLOSE,
    FIRST_WINDOW,
    FOREVER,
    LAST_WINDOW,
    NEVER,
    OPEN,
    PICKED,
    RIDE,
    ROUTE,
    SETUP,
    SOFT,
    START,
    SUCC,
)  # fmt: skip
from dispatch.search.linking import rekey
from dispatch.search.state import forget, push
from dispatch.search.timing import way_seconds


@inner
def open_from(facts, live, leg, floor):
    """Let a leg start no earlier than `floor`; False if its windows then leave no time."""
    legs, windows, whole = facts.legs, facts.windows, live.windows
    first, last = live.legs[leg, FIRST], legs[leg, LAST_WINDOW]
    for window in range(first, last):
        windows[window, 0], windows[window, 1] = whole[window, 0], whole[window, 1]
    legs[leg, CLOSE] = live.legs[leg, SHUT]
    window = first
    while window < last - 1 and floor > whole[window, 1]:
        window += 1
    legs[leg, FIRST_WINDOW] = window
    fits = True
    if floor > whole[window, 1]:  # after the last one: late where that is allowed
        fits = legs[leg, SOFT] < FOREVER and floor <= live.legs[leg, SHUT]
        windows[window, 0] = windows[window, 1] = floor
    else:
        windows[window, 0] = max(floor, whole[window, 0])
    legs[leg, OPEN] = windows[window, 0]
    return fits


@inner
def hold(facts, live, leg, start):
    """Promise a leg its start."""
    live.promise[leg] = start
    if not live.begun[leg]:
        open_from(facts, live, leg, start)


@inner
def release(facts, live, leg):
    """Promise a leg nothing any more."""
    live.promise[leg] = -1
    live.begun[leg] = False
    open_from(facts, live, leg, NEVER)


@inner
def _fix(facts, live, leg, start):
    """Let a leg that has begun start at its start alone."""
    open_from(facts, live, leg, start)
    window = facts.legs[leg, FIRST_WINDOW]
    facts.windows[window, 0] = facts.windows[window, 1] = start
    facts.legs[leg, OPEN] = facts.legs[leg, CLOSE] = start
    live.begun[leg] = True


@kernel
def promise_all(facts, state, live):
    """Promise every stop the start that it has."""
    for leg in range(live.promise.shape[0]):
        if state.rows[leg, ROUTE] >= 0:
            if live.promise[leg] != state.rows[leg, START]:
                hold(facts, live, leg, state.rows[leg, START])
        elif live.promise[leg] >= 0:
            release(facts, live, leg)


@kernel
def settle_keys(facts, state, order):
    """Give all keys new room between them. `order` is all legs by their present keys."""
    forget(state)
    rekey(facts, state, order)


@kernel
def freeze(facts, state, live, now):
    """Fix what has started by `now`, and find each route's tail: the last stop that has begun or that its caregiver
    must have left for."""
    live.counters[NOW] = now
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    for route in range(facts.routes.shape[0]):
        tail = sentinels + route
        leg = state.rows[tail, SUCC]
        while leg < sentinels:
            start = state.rows[leg, START]
            if start > now and start - way_seconds(facts, route, tail, leg) > now:
                break
            if start <= now and not live.begun[leg]:
                _fix(facts, live, leg, start)
            tail = leg
            leg = state.rows[leg, SUCC]
        live.tails[route] = tail


@inner
def none_before_now(facts, state, live, route):
    """Nobody can leave for her next stop before now, whatever was taken out before it."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    tail = live.tails[route]
    leg = state.rows[tail, SUCC]
    if leg >= sentinels or live.begun[leg]:
        return
    floor = live.counters[NOW] + way_seconds(facts, route, tail, leg)
    legs = facts.legs
    if tail >= sentinels and legs[leg, PICKED] >= 0 and legs[leg, RIDE] >= 0:  # aboard, and now her first stop
        last = legs[leg, PICKED] + legs[leg, RIDE] + legs[leg, SETUP]  # nobody waits at a first stop
        if state.rows[leg, START] > last:
            open_from(facts, live, leg, max(floor, min(last, live.promise[leg])))
            push(state, leg)
            return
    if floor > max(live.promise[leg], facts.legs[leg, OPEN]):
        open_from(facts, live, leg, floor)
        push(state, leg)


@kernel
def hold_all(facts, live, legs, starts):
    """Promise these legs their starts."""
    for place in range(legs.shape[0]):
        hold(facts, live, legs[place], starts[place])
