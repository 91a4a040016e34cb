"""The search: ruin, recreate, accept by simulated annealing (Christiaens & Vanden Berghe 2020, algorithm 1).

What is left out is judged as the paper judges it when it saves vehicles (section 5.4): a round that leaves out tasks
which were left out less often than those before is accepted at any cost, so that the hard ones get their turn.
"""

from __future__ import annotations

import math

from numba import int64

from dispatch.search.chance import uniform
from dispatch.search.columns import CLOSES, FIRST_LEG, OPENS, ROUTE, WAIT
from dispatch.search.compiled import inner, kernel
from dispatch.search.facts import DIRECTLY, UNFAIR
from dispatch.search.moves import move
from dispatch.search.recreate import recreate, with_bank
from dispatch.search.ruin import ruin, stops_per_route
from dispatch.search.settling import NO_CEILING, settle, weighed
from dispatch.search.state import LEFT_OUT, UNSERVED, begin, copy_state, forget, undo

WALK = 200  # moves of a round, which take about as long as one ruin and recreate
MEASURED = 50  # after so many rounds the mean length of a route is worked out anew


@kernel
def anneal(facts, state, best, iterations, hot, cold, small, setting, chance):
    """`iterations` rounds from temperature `hot` to `cold`, geometrically, a share `small` of them a walk of moves and
    the rest ruin and recreate; the best state found is kept in `best`. Returns how often a change was accepted. Both
    states must be settled."""
    cost, best_cost = whole_cost(facts, state), whole_cost(facts, best)
    heat, cooling = hot, (cold / hot) ** (1.0 / iterations)
    accepted, per_route = 0, 1.0
    for turn in range(iterations):
        heat *= cooling
        if turn % MEASURED == 0:
            per_route = stops_per_route(facts, state)
        walks = uniform(chance) < small
        left_out, hardness = state.counters[LEFT_OUT], 0 if walks else _hardness(facts, state)
        for _ in range(WALK if walks else 1):
            ceiling = int64(math.floor(cost - heat * math.log(1.0 - uniform(chance))))
            forget(state)
            back_to = begin(state)
            if walks:
                made = move(facts, state, ceiling, chance)
            else:  # where tasks are left out, a dear plan may be taken for an easier one
                most = ceiling if left_out == 0 and facts.flags[DIRECTLY] else int64(NO_CEILING)
                made = _rebuilt(facts, state, chance, setting, per_route, most)
            fresh = whole_cost(facts, state) if made else cost
            easier = made and not walks and _is_easier(facts, state, left_out, hardness)
            if not made or (fresh > ceiling and not easier):
                undo(state, back_to)
                continue
            accepted += 1
            cost = fresh
            if cost < best_cost:
                best_cost = cost
                copy_state(state, best)
    forget(state)
    return accepted


@inner
def _rebuilt(facts, state, chance, setting, per_route, most):
    """Ruin and recreate; False if what is left after the ruin cannot be timed, or costs more than `most`."""
    count, seed = ruin(facts, state, chance, setting, per_route)
    if not settle(facts, state):
        return False
    count = with_bank(facts, state, count, seed, chance)
    return recreate(facts, state, count, chance, most)


@inner
def _hardness(facts, state):
    """How often the tasks that are left out were left out so far, all together."""
    if state.counters[UNSERVED] == 0:
        return 0
    times = 0
    for task in range(facts.tasks.shape[0]):
        if state.rows[facts.tasks[task, FIRST_LEG], ROUTE] < 0:
            times += state.absent[task]
    return times


@inner
def _is_easier(facts, state, left_out, hardness):
    """Whether a round leaves out no dearer tasks than before, and ones that were left out less often. Counts them."""
    easier = state.counters[LEFT_OUT] <= left_out and _hardness(facts, state) < hardness
    if state.counters[UNSERVED] > 0:
        for task in range(facts.tasks.shape[0]):
            if state.rows[facts.tasks[task, FIRST_LEG], ROUTE] < 0:
                state.absent[task] += 1
    return easier


@kernel
def whole_cost(facts, state):
    """The cost of a state, with what is measured over all routes at once: the latest stop, and fairness."""
    cost = weighed(facts, state)
    if facts.weights[UNFAIR]:
        cost += facts.weights[UNFAIR] * _unfair(facts, state)
    return cost


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
