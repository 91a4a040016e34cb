"""The search: ruin, recreate, accept by simulated annealing (Christiaens & Vanden Berghe 2020, algorithm 1)."""

from __future__ import annotations

import math

from dispatch.search.chance import uniform
from dispatch.search.columns import CLOSES, OPENS, ROUTE, SOFT, START, WAIT
from dispatch.search.compiled import inner, kernel
from dispatch.search.facts import LATE_MOST, UNFAIR
from dispatch.search.recreate import recreate, with_bank
from dispatch.search.ruin import ruin, stops_per_route
from dispatch.search.settling import settle
from dispatch.search.state import TOTAL, UNSERVED, begin, copy_state, forget, undo

MEASURED = 50  # after so many rounds the mean length of a route is worked out anew


@kernel
def anneal(facts, state, best, iterations, hot, cold, setting, chance):
    """`iterations` rounds from temperature `hot` to `cold`, geometrically; the best state found is kept in `best`.
    Returns the rounds that were accepted. Both states must be settled."""
    cost, best_cost = whole_cost(facts, state), whole_cost(facts, best)
    heat, cooling = hot, (cold / hot) ** (1.0 / iterations)
    accepted, per_route = 0, 1.0
    for turn in range(iterations):
        heat *= cooling
        if turn % MEASURED == 0:
            per_route = stops_per_route(facts, state)
        forget(state)
        back_to = begin(state)
        total, unserved = state.counters[TOTAL], state.counters[UNSERVED]
        count, seed = ruin(facts, state, chance, setting, per_route)
        if settle(facts, state):
            count = with_bank(facts, state, count, seed, chance)
            recreate(facts, state, count, chance)
            fresh = whole_cost(facts, state)
            if fresh <= cost - heat * math.log(1.0 - uniform(chance)):
                accepted += 1
                cost = fresh
                if cost < best_cost:
                    best_cost = cost
                    copy_state(state, best)
                continue
        undo(state, back_to, total, unserved)
    forget(state)
    return accepted


@kernel
def whole_cost(facts, state):
    """The cost of a state, with what is measured over all routes at once: the latest stop, and fairness."""
    cost = state.counters[TOTAL]
    if facts.weights[LATE_MOST]:
        cost += facts.weights[LATE_MOST] * _latest(facts, state)
    if facts.weights[UNFAIR]:
        cost += facts.weights[UNFAIR] * _unfair(facts, state)
    return cost


@inner
def _latest(facts, state):
    most = 0
    for leg in range(facts.legs.shape[0] - 2 * facts.routes.shape[0]):
        if state.rows[leg, ROUTE] >= 0:
            most = max(most, state.rows[leg, START] - facts.legs[leg, SOFT])
    return most


@inner
def _unfair(facts, state):
    """Σ max(0, work − share), a share of all work by the length of the shift's window."""
    routes = facts.routes
    ends = facts.legs.shape[0] - routes.shape[0]
    work, length = 0, 0
    for route in range(routes.shape[0]):
        work += state.rows[ends + route, WAIT]
        length += routes[route, CLOSES] - routes[route, OPENS]
    over = 0
    for route in range(routes.shape[0]):
        share = work * (routes[route, CLOSES] - routes[route, OPENS]) // max(1, length)
        over += max(0, state.rows[ends + route, WAIT] - share)
    return over
