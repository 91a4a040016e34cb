"""Where a single leg could go: candidates from the neighbour lists, O(1) tests, the cheapest few kept.

A place that fails here can never be timed. For plain problems one that passes always can; otherwise it is tried.
"""

from __future__ import annotations

import math

from numba import int64

from dispatch.search.chance import uniform
from dispatch.search.columns import (
    ABOARD,
    AFTER,
    BEFORE,
    BONDS,
    BONDS_END,
    CLASS,
    CLOSE,
    CLOSES,
    COUNT,
    DEP,
    DIFFERENT,
    DIRECT,
    FIRST_LEG,
    FIRST_WINDOW,
    FROZEN,
    HEAD,
    KEY,
    KIND,
    LAST_LEG,
    LAST_WINDOW,
    LATEST,
    LEAVES,
    LOADED,
    MEMBER,
    MODE,
    OPEN,
    PICKUP,
    PLACE,
    PRED,
    ROUTE,
    SAME,
    SERVICE,
    SUCC,
    TASK,
    TYPE,
    USED,
    WHO,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import CARRIES, LIKED, TIMED
from dispatch.search.state import FIRST_KEY, LAST_KEY
from dispatch.search.timing import opening, stop_cost


@inner
def open_to(facts, state, leg, pred):
    """Whether skills, pins and rides without a halt let a leg stand behind `pred`."""
    rows, legs = state.rows, facts.legs
    route, succ = rows[pred, ROUTE], rows[pred, SUCC]
    sentinels = legs.shape[0] - 2 * facts.routes.shape[0]
    if not facts.allowed[leg, route]:
        return False
    if (
        pred < sentinels
        and legs[pred, KIND] == PICKUP
        and legs[pred, DIRECT] == 1
        and legs[leg, TASK] != legs[pred, TASK]
    ):
        return False
    if succ < sentinels:
        if facts.tasks[legs[succ, TASK], FROZEN] == 1 and _is_head(facts, state, succ):
            return False
        if legs[succ, KIND] == ABOARD and legs[succ, DIRECT] == 1:
            return False
    if legs[leg, KIND] == ABOARD and legs[leg, DIRECT] == 1:
        return pred >= sentinels
    return True


@inner
def _is_head(facts, state, leg):
    """Whether a leg of a frozen task is one of the pinned first stops of its route."""
    rows = state.rows
    ahead = rows[leg, PRED]
    left = facts.routes[rows[leg, ROUTE], HEAD]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    while ahead < sentinels and left > 0:
        ahead = rows[ahead, PRED]
        left -= 1
    return left > 0


@inner
def room_for(facts, state, leg, pred):
    """Whether what is taken along from the start for this leg still fits; other loads are tested with their pickup."""
    if facts.legs[leg, KIND] != LOADED:
        return True
    rows, route = state.rows, state.rows[pred, ROUTE]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    for load in range(facts.demand.shape[1]):
        if state.loads[sentinels + route, load] + facts.demand[leg, load] > facts.room[route, load]:
            return False
    if facts.flags[CARRIES]:
        while pred < sentinels:
            for load in range(facts.demand.shape[1]):
                if state.loads[pred, load] + facts.demand[leg, load] > facts.room[route, load]:
                    return False
            pred = rows[pred, PRED]
    return True


@inner
def bonds_allow(facts, state, task, leg, route):
    """Whether the task's relations let this route's caregiver take this leg."""
    who = facts.routes[route, WHO]
    leads = facts.legs[leg, MEMBER] == 0
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        first = facts.tasks[other, FIRST_LEG]
        if state.rows[first, ROUTE] < 0:
            continue
        if kind == SAME and leads and facts.routes[state.rows[first, ROUTE], WHO] != who:
            return False
        if kind == DIFFERENT:
            for member in range(first, facts.tasks[other, LAST_LEG]):
                if facts.routes[state.rows[member, ROUTE], WHO] == who:
                    return False
    return True


@inner
def bond_keys(facts, state, task):
    """Between which keys the task's sequences want it."""
    low, high = FIRST_KEY, LAST_KEY
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        first, last = facts.tasks[other, FIRST_LEG], facts.tasks[other, LAST_LEG]
        if state.rows[first, ROUTE] < 0:
            continue
        if kind == AFTER:
            low = max(low, state.rows[last - 1, KEY])
        elif kind == BEFORE:
            high = min(high, state.rows[first, KEY])
    return low, high


@inner
def _keep(facts, state, leg, pred, cost, start, keep, member):
    """Keep a place that passed the quick tests if it passes the others and is among the `keep` cheapest."""
    route = state.rows[pred, ROUTE]
    if not open_to(facts, state, leg, pred) or not room_for(facts, state, leg, pred):
        return
    found, spots = state.found[member], state.spots[member]
    if facts.flags[TIMED] or facts.flags[LIKED]:
        cost += stop_cost(facts, route, leg, start, 0)
        if found == keep and cost >= spots[found - 1, 0]:
            return
    task = facts.legs[leg, TASK]
    if facts.tasks[task, BONDS] < facts.tasks[task, BONDS_END] and not bonds_allow(facts, state, task, leg, route):
        return
    place = found if found < keep else keep - 1
    while place > 0 and spots[place - 1, 0] > cost:
        for column in range(4):
            spots[place, column] = spots[place - 1, column]
        place -= 1
    spots[place, 0], spots[place, 1], spots[place, 2], spots[place, 3] = cost, pred, -1, start
    state.found[member] = min(keep, found + 1)


@inner
def consider(facts, state, leg, count, keep, member, blink, chance):
    """Test places behind `preds[:count]`, the quick tests first: cost, then times, then everything else. With chance
    `blink` a place is overlooked (Christiaens & Vanden Berghe 2020, section 5.3).

    The arrays are named once, outside the loop: reaching them through a handle costs more than a test."""
    rows, legs, routes, clock, price = state.rows, facts.legs, facts.routes, facts.clock, facts.price
    preds, allowed, found, spots = state.preds, facts.allowed, state.found, state.spots
    sentinels = legs.shape[0] - 2 * routes.shape[0]
    place, leaves, service, close = legs[leg, PLACE], legs[leg, LEAVES], legs[leg, SERVICE], legs[leg, CLOSE]
    single = legs[leg, LAST_WINDOW] - legs[leg, FIRST_WINDOW] == 1
    left = next_blink(blink, chance)
    for rank in range(count):
        left -= 1
        if left == 0:
            left = next_blink(blink, chance)
            continue
        pred = preds[rank]
        route, succ = rows[pred, ROUTE], rows[pred, SUCC]
        here, there = legs[pred, LEAVES], legs[succ, PLACE]
        class_, mode = routes[route, CLASS], routes[route, MODE]
        cost = int64(price[class_, here, place]) + price[class_, leaves, there]
        unused = pred >= sentinels and succ >= sentinels
        cost += routes[route, USED] if unused else -int64(price[class_, here, there])
        if found[member] == keep and cost >= spots[member, keep - 1, 0]:
            continue
        start = rows[pred, DEP] + clock[mode, here, place]
        start = max(start, legs[leg, OPEN]) if single else opening(facts, leg, start)
        if start > close or start + service + clock[mode, leaves, there] > rows[succ, LATEST]:
            continue
        if allowed[leg, route] and start <= routes[route, CLOSES]:
            _keep(facts, state, leg, pred, cost, start, keep, member)


@inner
def search_places(facts, state, leg, keep, member, blink, chance):
    """Fill `spots[member]` with the cheapest places of a leg: beside its neighbours and on unused routes; if there are
    none, anywhere."""
    state.found[member] = 0
    consider(facts, state, leg, _gathered(facts, state, leg), keep, member, blink, chance)
    if state.found[member] == 0:
        search_everywhere(facts, state, leg, keep, member, chance)


@inner
def _gathered(facts, state, leg):
    """Write to `preds` the start of an unused route of each type and the places beside a leg's neighbours; how many."""
    rows, preds, seen, before, after = state.rows, state.preds, state.seen_preds, facts.before, facts.after
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    count = 0
    for type_ in range(facts.types.shape[0] - 1):
        unused = first_unused(facts, state, type_)
        if unused >= 0:
            preds[count] = sentinels + unused
            count += 1
    seen[0] += 1
    for rank in range(before.shape[1]):
        pred = before[leg, rank]
        if pred < 0:
            break
        if rows[pred, ROUTE] >= 0:
            seen[1 + pred] = seen[0]
            preds[count] = pred
            count += 1
    for rank in range(after.shape[1]):
        succ = after[leg, rank]
        if succ < 0:
            break
        pred = rows[succ, PRED]
        if rows[succ, ROUTE] >= 0 and seen[1 + pred] != seen[0]:
            seen[1 + pred] = seen[0]
            preds[count] = pred
            count += 1
    return count


@inner
def next_blink(blink, chance):
    """After how many places one is overlooked, each being so with chance `blink`; −1 for never."""
    if blink <= 0.0:
        return -1
    return 1 + int(math.log(1.0 - uniform(chance)) / math.log(1.0 - blink))


@inner
def search_everywhere(facts, state, leg, keep, member, chance):
    """Fill `spots[member]` from every place on every route in use and one unused of each type."""
    rows, preds, close = state.rows, state.preds, facts.legs[leg, CLOSE]
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    state.found[member] = 0
    count = 0
    for route in range(facts.routes.shape[0]):
        pred = sentinels + route
        if not facts.allowed[leg, route]:
            continue
        if rows[pred, COUNT] == 0 and first_unused(facts, state, facts.routes[route, TYPE]) != route:
            continue
        while (pred < sentinels or pred == sentinels + route) and rows[pred, DEP] <= close:
            preds[count] = pred
            count += 1
            pred = rows[pred, SUCC]
    consider(facts, state, leg, count, keep, member, 0.0, chance)


@inner
def first_unused(facts, state, type_):
    """The first route of a type that has no stops; −1 if all have."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    for route in range(facts.types[type_], facts.types[type_ + 1]):
        if state.rows[sentinels + route, COUNT] == 0:
            return route
    return -1
