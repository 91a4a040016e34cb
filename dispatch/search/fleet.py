"""Serving with fewer routes: one is emptied and its tasks are left out until the others have taken them in, which the
search does as it does with all that is left out (Christiaens & Vanden Berghe 2020, section 5.4)."""

from __future__ import annotations

from dispatch.search.columns import COUNT, FROZEN, SUCC, TASK
from dispatch.search.compiled import inner, kernel
from dispatch.search.linking import take
from dispatch.search.settling import settle
from dispatch.search.state import IN_USE, MOST_IN_USE, forget


@kernel
def spare_a_route(facts, state):
    """Take out all tasks of the route whose tasks were left out least often, and forbid the use of as many routes as
    before; False, and nothing changed, if no route can be spared. The state must be settled and is at rest after."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    chosen, least = -1, 1 << 62
    for route in range(facts.routes.shape[0]):
        rank = _rank(facts, state, sentinels + route)
        if rows[sentinels + route, COUNT] > 0 and rank < least:
            chosen, least = route, rank
    if chosen < 0:
        return False
    state.counters[MOST_IN_USE] = state.counters[IN_USE] - 1
    while rows[sentinels + chosen, SUCC] < sentinels:
        take(facts, state, facts.legs[rows[sentinels + chosen, SUCC], TASK])
    settle(facts, state)
    forget(state)
    return True


@inner
def _rank(facts, state, start):
    """How hard the tasks of a route are to place elsewhere: how often they were left out, and how many they are."""
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    rank, leg = 0, state.rows[start, SUCC]
    while leg < sentinels:
        task = facts.legs[leg, TASK]
        if facts.tasks[task, FROZEN] == 1:
            return 1 << 62
        rank += 1 + state.absent[task]
        leg = state.rows[leg, SUCC]
    return rank
