"""Bonds between tasks in time: visits of one elder do not overlap, sequences keep their gaps.

Which of an elder's visits comes first is told by their keys.
"""

from __future__ import annotations

from dispatch.search.columns import (
    AFTER,
    BEFORE,
    BONDS,
    BONDS_END,
    DEP,
    ELDER,
    FIRST_LEG,
    KEY,
    KIND,
    LAST_LEG,
    NEVER,
    ROUTE,
    VISIT,
)
from dispatch.search.compiled import inner
from dispatch.search.state import push


@inner
def bonds_floor(facts, state, task, key):
    """The earliest start that what comes before a task leaves to it."""
    floor = NEVER
    rows = state.rows
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        if kind not in (ELDER, AFTER):
            continue
        first, last = tail_of(facts, other)
        if rows[first, ROUTE] < 0 or rows[first, KEY] > key:
            continue
        for leg in range(first, last):
            floor = max(floor, rows[leg, DEP] + (facts.bonds[bond, 2] if kind == AFTER else 0))
    return floor


@inner
def bonds_kept(facts, state, task, leg, start):
    """Whether the widest gaps of the task's sequences are kept if this leg starts then."""
    rows = state.rows
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other, most = facts.bonds[bond, 0], facts.bonds[bond, 1], facts.bonds[bond, 3]
        if kind == AFTER and (leg == facts.tasks[task, FIRST_LEG] or facts.legs[leg, KIND] == VISIT):
            first, last = tail_of(facts, other)
            for before in range(first, last):
                if rows[before, ROUTE] >= 0 and start - rows[before, DEP] > most:
                    return False
    return True


@inner
def tail_of(facts, task):
    """The legs whose departures end a task: all members of a crew, or the drop-off."""
    first, last = facts.tasks[task, FIRST_LEG], facts.tasks[task, LAST_LEG]
    return (first, last) if facts.legs[first, KIND] == VISIT else (last - 1, last)


@inner
def push_dependents(facts, state, task):
    """Ask for what waits for a task, by bonds, to be timed again."""
    for bond in range(facts.tasks[task, BONDS], facts.tasks[task, BONDS_END]):
        kind, other = facts.bonds[bond, 0], facts.bonds[bond, 1]
        if kind in (ELDER, BEFORE):
            first = facts.tasks[other, FIRST_LEG]
            if state.rows[first, ROUTE] >= 0 and state.rows[first, KEY] > state.rows[facts.tasks[task, FIRST_LEG], KEY]:
                push(state, first)
