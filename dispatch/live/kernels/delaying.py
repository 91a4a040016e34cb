"""A caregiver runs late: she leaves her last begun stop later, or reaches the one she drives to later."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner, kernel
from dispatch.live.kernels.promises import open_from
from dispatch.search.bonds import push_dependents
from dispatch.search.columns import (
    DEP,
    FIRST_LEG,
    KIND,
    LAST_LEG,
    NEVER,
    OPENS,
    PARTNER,
    PICKUP,
    PRED,
    ROUTE,
    SERVICE,
    START,
    SUCC,
    TASK,
    VISIT,
    WAIT,
)
from dispatch.search.settling import settle
from dispatch.search.state import forget, push, touch


@kernel
def put_off(facts, state, live, route, seconds, resting, leaves):
    """Time a route and all that hangs on it `seconds` later, from its tail on; False if that breaks a rule (the caller
    has a copy). `resting`: she has begun a break behind the tail, which then lasts longer. `leaves`: when she was to
    leave the route's start, if she has not been anywhere yet, else NEVER."""
    forget(state)
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    tail = live.tails[route]
    if leaves > NEVER:  # whatever is her first stop now
        touch(state, sentinels + route)
        rows[sentinels + route, DEP] = leaves + seconds
        push(state, rows[sentinels + route, SUCC])
        return settle(facts, state)
    if tail < sentinels and live.begun[tail] and not resting:
        touch(state, tail)
        legs[tail, SERVICE] += seconds
        rows[tail, DEP] += seconds
        push(state, rows[tail, SUCC])
        push_dependents(facts, state, legs[tail, TASK])
        if legs[tail, KIND] == PICKUP:
            push(state, legs[tail, PARTNER])
        return settle(facts, state)
    leg = tail if tail < sentinels and not live.begun[tail] else rows[tail, SUCC]
    if leg >= sentinels:
        return True
    ready = rows[leg, START]
    if rows[leg, PRED] < sentinels:
        ready -= rows[leg, WAIT] - rows[rows[leg, PRED], WAIT]
    fits = ready + seconds <= live.promise[leg] or open_from(facts, live, leg, ready + seconds)
    push(state, leg)
    return settle(facts, state) and fits


@kernel
def catch_up(facts, state, live, route, seconds, resting, leaves):
    """Take the later departure of `put_off` back once the starts that it caused are promised; they stay as they are."""
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    tail = live.tails[route]
    if leaves > NEVER:
        touch(state, sentinels + route)
        rows[sentinels + route, DEP] = facts.routes[route, OPENS]
        push(state, rows[sentinels + route, SUCC])
    elif tail < sentinels and live.begun[tail] and not resting:
        touch(state, tail)
        legs[tail, SERVICE] -= seconds
        rows[tail, DEP] -= seconds
        push(state, rows[tail, SUCC])
    return settle(facts, state)


@kernel
def stand_at(facts, state, live, leg):
    """Whatever the plan says: this leg is where its caregiver is, so nothing behind it has begun, nor a crew that waits
    for her, nor what those do afterwards."""
    rows, legs = state.rows, facts.legs
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    _not_begun(facts, state, live, rows[leg, SUCC])
    again = True
    while again:
        again = False
        for other in range(sentinels):
            if rows[other, ROUTE] < 0 or live.begun[other]:
                continue
            if _not_begun(facts, state, live, rows[other, SUCC]):
                again = True
            if legs[other, KIND] == VISIT:
                task = legs[other, TASK]
                for member in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
                    if _not_begun(facts, state, live, member):
                        again = True
    live.tails[rows[leg, ROUTE]] = leg


@inner
def _not_begun(facts, state, live, leg):
    """Take back that a leg has begun; whether it had."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    if leg >= sentinels or not live.begun[leg]:
        return False
    live.begun[leg] = False
    open_from(facts, live, leg, live.promise[leg])
    pred = state.rows[leg, PRED]
    if pred >= sentinels or live.begun[pred]:
        live.tails[state.rows[leg, ROUTE]] = pred
    return True
