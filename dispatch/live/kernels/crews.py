"""Where a crew could go: all combinations of its members' places, the cheapest members first.

A depth-first walk through the members, each with her places in order of their bounds; it turns back where the bounds
add up to more than the dearest way kept. Members who could stand for one another are tried in one order only.
"""

from __future__ import annotations

import numpy as np

from dispatch.live.kernels.bounds import elder_spares
from dispatch.live.kernels.compiled import inner
from dispatch.live.kernels.handle import BOUND, EARLIEST, FAILS_AT, FIRST, FITS_AT, FOUND, LATE, PRED, SHUT, THEN, TRIED
from dispatch.live.kernels.promises import open_from
from dispatch.live.kernels.trials import end_trial, start_trial
from dispatch.live.kernels.visits import gather, is_over, try_visit
from dispatch.live.kernels.ways import put_behind
from dispatch.search.columns import (
    BONDS,
    BONDS_END,
    FIRST_LEG,
    KEY,
    LAST_LEG,
    LEAST,
    MEMBER,
    MOST,
    ROUTE,
    SAME,
    SERVICE,
    START,
    SUCC,
    TASK,
    WHO,
)  # fmt: skip
from dispatch.search.linking import NO_KEY, key_between, reload_placed
from dispatch.search.settling import settle

BEGINS, ENDS, AT, SUM, REST, LOW, HIGH = range(7)  # rows of `live.walk`


@inner
def search_crew(facts, state, live, task, gained):
    """Keep the cheapest ways for a crew of two or more."""
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    if not _lists(facts, state, live, first, last):
        return
    walk, members = live.walk, last - first
    twins = _twins(facts, task, first, last)
    depth = 0
    walk[AT, 0], walk[SUM, 0] = walk[BEGINS, 0], 0
    while depth >= 0:
        at = walk[AT, depth]
        if at >= walk[ENDS, depth] or _too_dear(live, depth, at, gained):
            depth -= 1
            if depth >= 0:
                walk[AT, depth] += 1
            continue
        place = live.places[live.heap[at]]
        state.choice[depth] = place[PRED]
        if not _matches(facts, state, live, task, depth, place, twins):
            walk[AT, depth] += 1
        elif depth == members - 1:
            live.counters[TRIED] += 1
            if not try_visit(facts, state, live, task):
                _find_fault(facts, state, live, task, members)
            walk[AT, depth] += 1
        else:
            walk[SUM, depth + 1] = walk[SUM, depth] + place[BOUND]
            depth += 1
            walk[AT, depth] = walk[BEGINS, depth]


@inner
def _too_dear(live, depth, at, gained):
    """Whether a member's place, with those chosen before and the cheapest of those to come, costs too much."""
    walk = live.walk
    return is_over(live, walk[SUM, depth] + live.places[live.heap[at], BOUND] + walk[REST, depth + 1], gained)


@inner
def _lists(facts, state, live, first, last):
    """Gather and sort the places of each member; False if one has none."""
    walk = live.walk
    live.counters[FOUND] = 0
    for leg in range(first, last):
        member = leg - first
        begins = live.counters[FOUND]
        gather(facts, state, live, leg)
        ends = live.counters[FOUND]
        if begins == ends:
            return False
        order = np.argsort(live.places[begins:ends, BOUND].copy(), kind="mergesort")
        for rank in range(ends - begins):
            live.heap[begins + rank] = begins + order[rank]
        walk[BEGINS, member], walk[ENDS, member] = begins, ends
    walk[REST, last - first] = 0
    for member in range(last - first - 1, -1, -1):
        walk[REST, member] = walk[REST, member + 1] + live.places[live.heap[walk[BEGINS, member]], BOUND]
    return True


@inner
def _twins(facts, task, first, last):
    """Whether all members are alike: whoever stands where, it is the same way."""
    if facts.tasks[task, LEAST] != 0 or facts.tasks[task, MOST] != 0:
        return False
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        if facts.bonds[bond, 0] == SAME:  # who leads matters
            return False
    for leg in range(first + 1, last):
        if facts.legs[leg, SERVICE] != facts.legs[first, SERVICE]:
            return False
        for route in range(facts.routes.shape[0]):
            if facts.allowed[leg, route] != facts.allowed[first, route]:
                return False
    return True


@inner
def _matches(facts, state, live, task, depth, place, twins):
    """Whether the member at `depth` can join those chosen before her at this place: another caregiver, starts within
    the stagger, and nobody before it waiting for somebody after it."""
    rows, routes, walk, choice = state.rows, facts.routes, live.walk, state.choice
    pred = choice[depth]
    who = routes[rows[pred, ROUTE], WHO]
    for member in range(depth):
        if routes[rows[choice[member], ROUTE], WHO] == who:
            return False
    if depth > 0:
        lead = live.places[live.heap[walk[AT, 0]]]
        least, most = facts.tasks[task, LEAST], facts.tasks[task, MOST]
        if place[EARLIEST] > lead[LATE] + most or place[LATE] < lead[EARLIEST] + least:
            return False
        if twins and rows[pred, ROUTE] < rows[choice[depth - 1], ROUTE]:
            return False
    if _known_to_fail(facts, state, live, task, depth):
        return False
    low, high = rows[pred, KEY], rows[rows[pred, SUCC], KEY]
    if depth > 0:
        low, high = max(low, walk[LOW, depth - 1]), min(high, walk[HIGH, depth - 1])
    walk[LOW, depth], walk[HIGH, depth] = low, high
    return low < high


@inner
def _together(live, depth):
    """When the members up to `depth` could start together at the earliest."""
    begins = 0
    for member in range(depth + 1):
        begins = max(begins, live.places[live.heap[live.walk[AT, member]], EARLIEST])
    return begins


@inner
def _known_to_fail(facts, state, live, task, depth):
    """Whether one of the members chosen was found not to fit at her place when the crew starts."""
    if facts.tasks[task, MOST] != 0:
        return False
    begins = _together(live, depth)
    then, latest = begins, begins
    for member in range(depth + 1):
        place = live.places[live.heap[live.walk[AT, member]]]
        if place[FAILS_AT] == begins:
            return True
        if place[FITS_AT] == begins:
            then = max(then, place[THEN])
        latest = place[LATE] if member == 0 else min(latest, place[LATE])
    return then > latest or not elder_spares(facts, state, task, then, latest)


@inner
def _find_fault(facts, state, live, task, members):
    """A combination did not fit: find out who would not fit even if she came alone at that moment, so that she is not
    tried with everybody else. For this each member is put there as a visit of her own, in the last, idle rows."""
    if facts.tasks[task, MOST] != 0:
        return
    begins = _together(live, members - 1)
    for member in range(members):
        place = live.places[live.heap[live.walk[AT, member]]]
        if place[FITS_AT] != begins:
            leg = facts.tasks[task, FIRST_LEG] + member
            then = _start_alone(facts, state, live, leg, place[PRED], begins)
            if then < 0:
                place[FAILS_AT] = begins
            else:
                place[FITS_AT], place[THEN] = begins, then


@inner
def _start_alone(facts, state, live, leg, pred, begins):
    """When she would start; −1 if never."""
    rows = state.rows
    sentinels = facts.legs.shape[0] - 2 * facts.routes.shape[0]
    probe, alone = sentinels - 1, facts.tasks.shape[0] - 1
    for column in range(facts.legs.shape[1]):
        facts.legs[probe, column] = facts.legs[leg, column]
    facts.stands[probe, 0], facts.stands[probe, 1] = facts.stands[leg, 0], facts.stands[leg, 1]
    live.legs[probe, FIRST], live.legs[probe, SHUT] = live.legs[leg, FIRST], live.legs[leg, SHUT]
    facts.legs[probe, TASK], facts.legs[probe, MEMBER] = alone, 0
    for route in range(facts.routes.shape[0]):
        facts.liking[probe, route] = 0
    facts.tasks[alone, FIRST_LEG], facts.tasks[alone, LAST_LEG] = probe, sentinels
    key = key_between(rows[pred, KEY], rows[rows[pred, SUCC], KEY], begins)
    trial = start_trial(state)
    fits = key != NO_KEY and open_from(facts, live, probe, begins)
    if fits:
        put_behind(facts, state, live, probe, pred, key)
        reload_placed(facts, state, probe)
        fits = settle(facts, state)
    then = rows[probe, START] if fits else -1
    end_trial(state, trial)
    facts.tasks[alone, LAST_LEG] = probe
    return then
