"""Recreate: what is out goes back in where it costs least, in one of several orders."""

from __future__ import annotations

from dispatch.search.chance import below, uniform
from dispatch.search.columns import (
    BEGINS,
    CLOSE,
    DEARNESS,
    FIRST_LEG,
    KIND,
    LAST_LEG,
    OPEN,
    PLACE,
    ROUTE,
    SERVICE,
    SOFT,
    TASK,
    VISIT,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.inserting import insert
from dispatch.search.state import UNSERVED, WAYS

BLINK = 0.01  # chance of overlooking a place, β in the paper
FROM_THE_BANK = 10  # unserved tasks tried besides those taken out


@inner
def recreate(facts, state, count, chance, ceiling):
    """Insert `removed[:count]` in a random order; what fits nowhere stays out. False, and not all tried, as soon as the
    ways alone cost more than `ceiling`, where no insertion shortens them: most rounds end so, some tasks sooner."""
    _sort(facts, state, count, chance)
    for place in range(count):
        insert(facts, state, state.removed[place], BLINK, chance)
        if state.counters[WAYS] > ceiling:
            return False
    return True


@inner
def with_bank(facts, state, count, seed, chance):
    """Add to `removed[:count]` some tasks that were not served before: near the seed, a leg, and one at random."""
    if state.counters[UNSERVED] == count:
        return count
    whole, removed = count, state.removed
    state.picked[0] += 1
    for place in range(count):
        state.picked[1 + removed[place]] = state.picked[0]
    for rank in range(facts.near.shape[1]):
        leg = facts.near[seed, rank]
        if leg < 0 or whole - count >= FROM_THE_BANK:
            break
        task = facts.legs[leg, TASK]
        if _is_out(facts, state, task) and uniform(chance) < 0.5:
            state.picked[1 + task] = state.picked[0]
            removed[whole] = task
            whole += 1
    offset = below(chance, facts.tasks.shape[0])
    for step in range(facts.tasks.shape[0]):
        task = (offset + step) % facts.tasks.shape[0]
        if _is_out(facts, state, task):
            removed[whole] = task
            return whole + 1
    return whole


@inner
def _is_out(facts, state, task):
    return state.rows[facts.tasks[task, FIRST_LEG], ROUTE] < 0 and state.picked[1 + task] != state.picked[0]


@inner
def _sort(facts, state, count, chance):
    """Put tasks in one order: at random, far or near from their start, tight, early, late or long ones first. Crews,
    which need several places at once, mostly come before the others, and dear tasks before cheap ones."""
    removed, ranks = state.removed, state.ranks
    draw = uniform(chance) * 16.0
    crews_first = uniform(chance) < 0.7
    dear_first = uniform(chance) < 0.5
    for place in range(count):
        task = removed[place]
        rank = _rank(facts, task, draw, chance)
        if crews_first and _is_crew(facts, task):
            rank -= 1e14
        if dear_first:
            rank -= 1e11 * facts.tasks[task, DEARNESS]
        here = place
        while here > 0 and ranks[here - 1] > rank:
            ranks[here], removed[here] = ranks[here - 1], removed[here - 1]
            here -= 1
        ranks[here], removed[here] = rank, task


@inner
def _rank(facts, task, draw, chance):
    leg = facts.tasks[task, LAST_LEG] - 1
    legs = facts.legs
    close = min(legs[leg, CLOSE], legs[leg, SOFT])
    if draw < 4.0:
        rank = uniform(chance)
    elif draw < 7.0:  # the largest first
        rank = -float(legs[leg, SERVICE])
        for dimension in range(facts.demand.shape[1]):
            rank -= abs(facts.demand[leg, dimension]) * 1e6
    elif draw < 11.0:  # far from a start, now and then near to it
        away = float(facts.price[0, facts.routes[0, BEGINS], legs[leg, PLACE]])
        rank = -away if draw < 10.0 else away
    elif draw < 13.0:  # tight
        rank = float(close - legs[leg, OPEN])
    else:  # early, or late
        rank = float(legs[leg, OPEN]) if draw < 14.5 else -float(close)
    return rank


@inner
def _is_crew(facts, task):
    first = facts.tasks[task, FIRST_LEG]
    return facts.legs[first, KIND] == VISIT and facts.tasks[task, LAST_LEG] - first > 1
