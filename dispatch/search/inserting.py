"""Insertion of a task: its cheapest places are tried in turn, each timed exactly; the best that fits is kept.

Where cost does not hang on time the first place that fits is the best; otherwise all kept places are compared.
"""

from __future__ import annotations

from numba import int64

from dispatch.search.columns import (
    DEP,
    FIRST_LEG,
    FROZEN,
    KEY,
    KIND,
    LAST_LEG,
    PICKUP,
    ROUTE,
    SUCC,
    VISIT,
    WHO,
)  # fmt: skip
from dispatch.search.compiled import inner
from dispatch.search.facts import PLAIN, TIMED
from dispatch.search.linking import NO_KEY, key_between, put, put_crew, reload_placed, served
from dispatch.search.places import NO_WAY, bond_keys, search_everywhere, search_places
from dispatch.search.rides import search_rides
from dispatch.search.settling import settle, weighed
from dispatch.search.state import MOST_SPOTS, begin, log_is_full, undo

TRIED = 3  # places of one leg or delivery tried exactly
CREWS_TRIED = 6  # ways to place a crew tried exactly


@inner
def insert(facts, state, task, blink, chance):
    """Put a task where it costs least; False, and nothing changed, if no place was found. What is pinned to the head of
    a route is seated before the search or not at all."""
    if log_is_full(state) or facts.tasks[task, FROZEN] == 1:
        return False
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if facts.legs[first, KIND] == VISIT and last - first > 1:
        return _insert_crew(facts, state, task, blink, chance)
    keep, member = int64(1 if facts.flags[PLAIN] else TRIED), int64(0)
    if facts.legs[first, KIND] == PICKUP:
        search_rides(facts, state, first, first + 1, keep, blink, chance)
    else:
        search_places(facts, state, first, keep, member, blink, chance)
    return _try_spots(facts, state, task)


@inner
def _try_spots(facts, state, task):
    """Try the kept places of a single leg or delivery."""
    best, chosen = NO_WAY, -1
    found = state.found[0]
    for place in range(found):
        back_to = begin(state)
        if _placed(facts, state, task, place):
            if not facts.flags[TIMED] or found == 1:
                return True
            if weighed(facts, state) < best:
                best, chosen = weighed(facts, state), place
        undo(state, back_to)
    if chosen < 0:
        return False
    begin(state)
    return _placed(facts, state, task, int64(chosen))


@inner
def _placed(facts, state, task, place):
    """Put a single leg or a delivery at one of its kept places and time what that touches."""
    rows, spot = state.rows, state.spots[0, place]
    leg, pred, begins = facts.tasks[task, FIRST_LEG], spot[1], spot[3]
    key = 0
    if not facts.flags[PLAIN]:
        low, high = bond_keys(facts, state, task)
        low, high = max(low, rows[pred, KEY]), min(high, rows[rows[pred, SUCC], KEY])
        key = key_between(low, high, begins) if low < high else NO_KEY
        if key == NO_KEY:
            return False
    put(facts, state, leg, pred, key)
    if facts.legs[leg, KIND] == PICKUP:
        behind = leg if spot[2] == leg else spot[2]
        if not facts.flags[PLAIN]:
            _, high = bond_keys(facts, state, task)
            low, high = rows[behind, KEY], min(high, rows[rows[behind, SUCC], KEY])
            key = key_between(low, high, max(begins, rows[behind, DEP])) if low < high else NO_KEY
            if key == NO_KEY:
                settle(facts, state)
                return False
        put(facts, state, leg + 1, behind, key)
    reload_placed(facts, state, leg)
    served(facts, state, task)
    return settle(facts, state)


@inner
def _insert_crew(facts, state, task, blink, chance):
    """Place all members of a crew on routes of different caregivers."""
    first, last, keep = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG], int64(MOST_SPOTS)
    for leg in range(first, last):
        search_places(facts, state, leg, keep, leg - first, blink, chance)
        if state.found[leg - first] == 0:
            return False
    if _try_crews(facts, state, task):
        return True
    if blink > 0.0:
        return False
    for leg in range(first, last):
        search_everywhere(facts, state, leg, keep, leg - first, chance)
    return _try_crews(facts, state, task)


@inner
def _try_crews(facts, state, task):
    """Try combinations of the members' places, cheapest first member first, each other member at her cheapest match."""
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    best, best_lead, best_turn, tries = NO_WAY, -1, -1, 0
    for rank in range(2 * MOST_SPOTS):
        for lead in range(max(0, rank - MOST_SPOTS + 1), min(state.found[0], rank + 1)):
            turn = rank - lead
            if tries >= CREWS_TRIED or not _chosen(facts, state, first, last, lead, turn):
                continue
            tries += 1
            back_to = begin(state)
            if _crew_placed(facts, state, task):
                if not facts.flags[TIMED]:
                    return True
                if weighed(facts, state) < best:
                    best, best_lead, best_turn = weighed(facts, state), lead, turn
            undo(state, back_to)
    if best_lead < 0:
        return False
    _chosen(facts, state, first, last, int64(best_lead), int64(best_turn))
    begin(state)
    return _crew_placed(facts, state, task)


@inner
def _chosen(facts, state, first, last, lead, turn):
    """Write a place per member to `choice`: the leader's, the second's by `turn`, the rest at their cheapest; False if
    some caregiver would come twice."""
    routes, rows = facts.routes, state.rows
    state.choice[0] = state.spots[0, lead, 1]
    for member in range(1, last - first):
        found = -1
        for place in range(turn if member == 1 else 0, state.found[member]):
            who = routes[rows[state.spots[member, place, 1], ROUTE], WHO]
            free = True
            for other in range(member):
                if routes[rows[state.choice[other], ROUTE], WHO] == who:
                    free = False
            if free:
                found = place
                break
            if member == 1:
                return False
        if found < 0:
            return False
        state.choice[member] = state.spots[member, found, 1]
    return True


@inner
def _crew_placed(facts, state, task):
    """Put all members at their chosen places, with one key between all their neighbours'."""
    rows = state.rows
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    low, high = bond_keys(facts, state, task)
    begins = 0
    for leg in range(first, last):
        pred = state.choice[leg - first]
        low, high = max(low, rows[pred, KEY]), min(high, rows[rows[pred, SUCC], KEY])
        begins = max(begins, rows[pred, DEP])
    return put_crew(facts, state, task, low, high, begins) and settle(facts, state)
