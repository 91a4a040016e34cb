"""One small move: which leg, beside which other, by which operator.

The threshold comes first, as in Ceschia et al. 2023 (doi:10.1111/itor.13585) for home care: most moves are refused by
their ways alone, before anything has changed.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.chance import below, uniform
from dispatch.search.columns import FIRST_LEG, FROZEN, KIND, LAST_LEG, LOADED, PRED, ROUTE, TASK, VISIT
from dispatch.search.compiled import inner
from dispatch.search.exchanging import exchange
from dispatch.search.inserting import insert
from dispatch.search.recreate import BLINK
from dispatch.search.relocating import relocate, relocate_crew, swap

SERVE = 0.1  # chance of looking for a place for a task that is left out, which takes much longer than a move
RELOCATE, SWAP = 0.5, 0.62  # of all moves up to here; the rest exchange stretches


@inner
def move(facts, state, ceiling, chance):
    """Try a move that leaves the cost at or below the ceiling; whether it was made."""
    tasks = facts.tasks
    task = below(chance, tasks.shape[0])
    first, last = tasks[task, FIRST_LEG], tasks[task, LAST_LEG]
    if tasks[task, FROZEN] == 1:
        return False
    if state.rows[first, ROUTE] < 0:
        return uniform(chance) < SERVE and insert(facts, state, task, BLINK, chance)
    leg = first + below(chance, last - first)
    ahead = uniform(chance) < 0.5
    likely = facts.before if ahead else facts.after
    other = int64(likely[leg, int(likely.shape[1] * uniform(chance) ** 2)])
    if other < 0 or state.rows[other, ROUTE] < 0:
        return False
    return _moved(facts, state, leg, other, ahead, ceiling, chance)


@inner
def _moved(facts, state, leg, other, ahead, ceiling, chance):
    """Try a move that lets a leg come after (`ahead`) or before a likely neighbour, or one of its like."""
    draw = uniform(chance)
    if draw >= SWAP:
        one, two = (other, leg) if ahead else (leg, other)
        return exchange(facts, state, one, two, ceiling, chance)
    if draw >= RELOCATE:
        return _is_single(facts, leg) and _is_single(facts, other) and swap(facts, state, leg, other, ceiling)
    task, pred = facts.legs[leg, TASK], other if ahead else state.rows[other, PRED]
    if facts.tasks[task, LAST_LEG] - facts.tasks[task, FIRST_LEG] > 1:
        return facts.legs[leg, KIND] == VISIT and relocate_crew(facts, state, leg, pred, ceiling, chance)
    return _is_single(facts, leg) and relocate(facts, state, leg, pred, ceiling)


@inner
def _is_single(facts, leg):
    """Whether a leg is all there is of its task, and may be anywhere on a route."""
    task = facts.legs[leg, TASK]
    alone = facts.tasks[task, LAST_LEG] - facts.tasks[task, FIRST_LEG] == 1
    kind = facts.legs[leg, KIND]
    return alone and kind in (VISIT, LOADED) and facts.tasks[task, FROZEN] == 0
