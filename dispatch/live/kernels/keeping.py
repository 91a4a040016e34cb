"""The cheapest ways found so far, each with all that is needed to go it again."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import COST, KEEP, KEPT, KEY, LATER_KEY, PREDS, SECOND
from dispatch.search.anneal import whole_cost
from dispatch.search.facts import LATE_MOST, UNFAIR
from dispatch.search.state import TOTAL

NO_LIMIT = 1 << 62


@inner
def cost_now(facts, state):
    """The state's cost, by all terms."""
    if facts.weights[LATE_MOST] or facts.weights[UNFAIR]:
        return whole_cost(facts, state)
    return state.counters[TOTAL]


@inner
def limit(live):
    """What a way must cost less than to be kept."""
    kept = live.counters[KEPT]
    return live.best[kept - 1, COST] if kept == live.counters[KEEP] else NO_LIMIT


@inner
def keep_way(state, live, cost, key, later_key, second, members):
    """Keep a way, its first predecessors in `state.choice`, if it is among the cheapest."""
    if cost >= limit(live):
        return
    best, kept = live.best, live.counters[KEPT]
    place = kept if kept < live.counters[KEEP] else kept - 1
    while place > 0 and best[place - 1, COST] > cost:
        for column in range(best.shape[1]):
            best[place, column] = best[place - 1, column]
        place -= 1
    best[place, COST], best[place, KEY], best[place, LATER_KEY], best[place, SECOND] = cost, key, later_key, second
    for member in range(members):
        best[place, PREDS + member] = state.choice[member]
    live.counters[KEPT] = min(live.counters[KEEP], kept + 1)
