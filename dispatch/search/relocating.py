"""Small moves of one task: a single leg beside another, a crew beside others, two singles in each other's places.

Every move knows what it does to the ways before it changes anything; one that cannot stay below the ceiling by its ways
alone is not made. A move is settled and kept, or undone.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.chance import uniform
from dispatch.search.columns import (
    COUNT,
    DEP,
    FIRST_LEG,
    KEY,
    LAST_LEG,
    OPEN,
    PENALTY,
    PRED,
    ROUTE,
    SUCC,
    TASK,
    USED,
    WAY,
    WHO,
)
from dispatch.search.compiled import inner
from dispatch.search.facts import PLAIN
from dispatch.search.linking import NO_KEY, key_between, put, put_crew, reload_placed, served, take
from dispatch.search.places import NO_WAY, bond_keys, bonds_allow, open_to, room_for
from dispatch.search.settling import settle_within
from dispatch.search.state import LEFT_OUT, WAYS, begin, clear, undo
from dispatch.search.timing import way_cost

ELSEWHERE = 0.4  # chance that another member of a crew comes from a route near by instead of her own
NOISE = 0.5  # a detour counts as up to this much longer


@inner
def detour(facts, state, leg, pred):
    """What the ways of a leg behind `pred` add; using an unused route included."""
    rows = state.rows
    route = rows[pred, ROUTE]
    return way_cost(facts, route, pred, leg) + way_cost(facts, route, leg, rows[pred, SUCC]) - rows[pred, WAY]


@inner
def saving(facts, state, leg):
    """What ways a leg's route would save without it; the use of the route if it is the only one."""
    rows = state.rows
    pred, succ, route = rows[leg, PRED], rows[leg, SUCC], rows[leg, ROUTE]
    start = facts.legs.shape[0] - 2 * facts.routes.shape[0] + route
    alone = rows[start, COUNT] == 1
    left = -facts.routes[route, USED] if alone else way_cost(facts, route, pred, succ)
    return rows[pred, WAY] + rows[leg, WAY] - left


@inner
def relocate(facts, state, leg, pred, ceiling):
    """Put the only leg of a task behind `pred`; whether the move was made."""
    rows, task = state.rows, facts.legs[leg, TASK]
    if pred == leg or rows[pred, SUCC] == leg or not facts.allowed[leg, rows[pred, ROUTE]]:
        return False
    ways = state.counters[WAYS] + state.counters[LEFT_OUT] + detour(facts, state, leg, pred)
    if ways - saving(facts, state, leg) > ceiling:
        return False
    back_to = begin(state)
    take(facts, state, task)
    if _put_back(facts, state, leg, pred, int64(NO_KEY)) and settle_within(facts, state, ceiling):
        return True
    _give_up(state, back_to)
    return False


@inner
def _put_back(facts, state, leg, pred, key):
    """Put a leg that was taken out behind `pred`, with this key or a new one; False if some rule forbids it."""
    rows, task = state.rows, facts.legs[leg, TASK]
    if not open_to(facts, state, leg, pred) or not room_for(facts, state, leg, pred):
        return False
    if not bonds_allow(facts, state, task, leg, rows[pred, ROUTE]):
        return False
    if not facts.flags[PLAIN]:
        low, high = bond_keys(facts, state, task)
        low, high = max(low, rows[pred, KEY]), min(high, rows[rows[pred, SUCC], KEY])
        if key == NO_KEY and low < high:
            key = key_between(low, high, max(rows[pred, DEP], facts.legs[leg, OPEN]))
        if key == NO_KEY or not low < key < high:
            return False
    put(facts, state, leg, pred, key)
    reload_placed(facts, state, leg)
    served(facts, state, task)
    return True


@inner
def _give_up(state, back_to):
    clear(state)
    undo(state, back_to)


@inner
def swap(facts, state, one, two, ceiling):
    """Put the only legs of two tasks in each other's places; whether the move was made."""
    rows = state.rows
    before_one, before_two = rows[one, PRED], rows[two, PRED]
    if two in (one, before_one) or before_two == one:
        return False
    first, second = rows[one, ROUTE], rows[two, ROUTE]
    if not facts.allowed[one, second] or not facts.allowed[two, first]:
        return False
    ways = state.counters[WAYS] + state.counters[LEFT_OUT]
    ways -= rows[before_one, WAY] + rows[one, WAY] + rows[before_two, WAY] + rows[two, WAY]
    ways += way_cost(facts, first, before_one, two) + way_cost(facts, first, two, rows[one, SUCC])
    ways += way_cost(facts, second, before_two, one) + way_cost(facts, second, one, rows[two, SUCC])
    if ways > ceiling:
        return False
    key_one, key_two = rows[one, KEY], rows[two, KEY]
    back_to = begin(state)
    take(facts, state, facts.legs[one, TASK])
    take(facts, state, facts.legs[two, TASK])
    if (
        _put_back(facts, state, one, before_two, key_two)
        and _put_back(facts, state, two, before_one, key_one)
        and settle_within(facts, state, ceiling)
    ):
        return True
    _give_up(state, back_to)
    return False


@inner
def relocate_crew(facts, state, leg, pred, ceiling, chance):
    """Put one member of a crew behind `pred` and the others where their routes, or ones near by, pass at that time;
    whether the move was made."""
    task = facts.legs[leg, TASK]
    if facts.legs[pred, TASK] == task or not facts.allowed[leg, state.rows[pred, ROUTE]]:
        return False
    for member in range(facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]):
        state.found[member - facts.tasks[task, FIRST_LEG]] = _next_route(facts, state, member, chance)
    back_to = begin(state)
    take(facts, state, task)
    if _crew_put(facts, state, leg, pred, ceiling, chance) and settle_within(facts, state, ceiling):
        return True
    _give_up(state, back_to)
    return False


@inner
def _next_route(facts, state, leg, chance):
    """The route of a leg, or of one of its neighbours."""
    if uniform(chance) < ELSEWHERE:
        likely = facts.before if uniform(chance) < 0.5 else facts.after
        other = likely[leg, int(likely.shape[1] * uniform(chance) ** 2)]
        if other >= 0 and state.rows[other, ROUTE] >= 0:
            return state.rows[other, ROUTE]
    return state.rows[leg, ROUTE]


@inner
def _crew_put(facts, state, leg, pred, ceiling, chance):
    """Find a place for every member, the one beside `pred` first, and put them there."""
    rows, task = state.rows, facts.legs[leg, TASK]
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if not open_to(facts, state, leg, pred) or not bonds_allow(facts, state, task, leg, rows[pred, ROUTE]):
        return False
    low, high = bond_keys(facts, state, task)
    low, high = max(low, rows[pred, KEY]), min(high, rows[rows[pred, SUCC], KEY])
    ways = state.counters[WAYS] + state.counters[LEFT_OUT] - facts.tasks[task, PENALTY]
    ways += detour(facts, state, leg, pred)
    state.choice[leg - first] = pred
    begins = rows[pred, DEP]
    for member in range(first, last):
        if low >= high or ways > ceiling:
            return False
        if member == leg:
            continue
        place = _meeting(facts, state, member, state.found[member - first], low, high, chance)
        if place < 0 or not _is_apart(facts, state, first, leg, member, place):
            return False
        state.choice[member - first] = place
        low, high = max(low, rows[place, KEY]), min(high, rows[rows[place, SUCC], KEY])
        ways += detour(facts, state, member, place)
        begins = max(begins, rows[place, DEP])
    return ways <= ceiling and put_crew(facts, state, task, low, high, begins)


@inner
def _meeting(facts, state, leg, route, low, high, chance):
    """Behind which stop of a route a leg with a key between two others would cost about the least; −1 for none."""
    rows, task = state.rows, facts.legs[leg, TASK]
    if not facts.allowed[leg, route] or not bonds_allow(facts, state, task, leg, route):
        return -1
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    pred, least, found = sentinels + route, float(NO_WAY), -1
    while rows[pred, KEY] < high and rows[pred, SUCC] >= 0:
        if rows[rows[pred, SUCC], KEY] > low and open_to(facts, state, leg, pred):
            cost = detour(facts, state, leg, pred) * (1.0 + NOISE * uniform(chance))
            if cost < least:
                least, found = cost, pred
        pred = rows[pred, SUCC]
    return found


@inner
def _is_apart(facts, state, first, lead, member, place):
    """Whether a place is on the route of another caregiver than those of the lead and the members before."""
    rows, routes = state.rows, facts.routes
    who = routes[rows[place, ROUTE], WHO]
    for other in range(first, member):
        if other != lead and routes[rows[state.choice[other - first], ROUTE], WHO] == who:
            return False
    return routes[rows[state.choice[lead - first], ROUTE], WHO] != who
