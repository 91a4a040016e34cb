"""A twin of the tables, to see what a delay does without doing it: as strict as they are, or one in which nothing that
has not begun can be too late, so that it can be said by how much each rule is missed.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from dispatch.live.delay import delayed, left_behind, left_late
from dispatch.live.excuse import UNBOUND
from dispatch.live.kernels.delaying import stand_at
from dispatch.live.kernels.handle import SHUT
from dispatch.live.values import Base
from dispatch.live.warm import Warm
from dispatch.search import columns as c


def late_twin(warm: Warm, base: Base) -> Warm | None:
    """A twin with the delay in which nothing that has not begun can be too late; None if it reaches what has. Breaks
    that are too late are taken at once, if that will do: else they would wait until all is done."""
    number = warm.number_of[base.shift]
    for hurried in (True, False):
        twin = twin_of(warm, base)
        left = int(twin.tables.state.rows[left_behind(twin, base), c.DEP])
        _relax(twin)
        if hurried:
            twin.rests.hurry(number, twin.now, left, base.late_seconds)
        else:
            twin.rests.relax(number, twin.now, left)
        if delayed(twin, base):
            return twin
    return None


def twin_of(warm: Warm, base: Base) -> Warm:
    """A copy that may be changed at will, the caregiver where she was seen."""
    twin, tables = copy(warm), copy(warm.tables)
    facts, state, live = tables.facts, tables.state, tables.live
    tables.facts = facts._replace(
        **{name: getattr(facts, name).copy() for name in ("legs", "windows", "routes", "breaks", "tasks", "bonds")}
    )
    tables.state = state._replace(
        **{name: getattr(state, name).copy() for name in ("rows", "loads", "counters", "mark")}
    )
    tables.live = live._replace(
        **{
            name: getattr(live, name).copy()
            for name in ("legs", "windows", "promise", "begun", "tails", "counters", "best", "bears", "rested")
        }
    )
    tables.handles = (tables.facts.handle(), tables.state.handle(), tables.live.handle())
    twin.tables = tables
    twin.rests = warm.rests.over(tables.facts.breaks)
    twin.look_at(tables.state.rows)
    if (leg := left_late(twin, base)) >= 0:
        stand_at(*tables.handles, leg)
    return twin


def _relax(warm: Warm) -> None:
    facts, shut, count = warm.tables.facts, warm.tables.live.legs, warm.tables.sentinels
    legs, routes = facts.legs, facts.routes
    facts.bonds[:, 3] = c.FOREVER
    open_ = np.flatnonzero(~warm.tables.live.begun)
    ends = warm.tables.live.windows[np.maximum(0, legs[open_, c.LAST_WINDOW] - 1), 1]
    legs[open_, c.SOFT] = np.minimum(legs[open_, c.SOFT], ends)
    legs[open_, c.CLOSE] = shut[open_, SHUT] = c.FOREVER
    legs[:count, c.RIDE] = -1
    routes[:, c.CLOSES] = routes[:, c.LONGEST] = c.FOREVER
    _unbind(warm)


def _unbind(warm: Warm) -> None:
    """Let what has begun wait for nobody: its start is a fact, though what it is bound to is late."""
    tables, facts = warm.tables, warm.tables.facts
    for task, row in enumerate(facts.tasks[: tables.used.tasks].tolist()):
        first, last, bonds, until = row[c.FIRST_LEG], row[c.LAST_LEG], row[c.BONDS], row[c.BONDS_END]
        if tables.live.begun[first:last].any() and last - first > 1:
            facts.tasks[task, c.LEAST], facts.tasks[task, c.MOST] = c.NEVER, c.FOREVER
        for bond in range(bonds, until):
            kind, other = facts.bonds[bond, :2].tolist()
            if kind in (c.ELDER, c.BEFORE, c.AFTER) and tables.has_begun(_later(warm, kind, task, other)):
                facts.bonds[bond, 0] = UNBOUND


def _later(warm: Warm, kind: int, task: int, other: int) -> int:
    """Which of two bound tasks comes after the other."""
    if kind != c.ELDER:
        return other if kind == c.BEFORE else task
    keys = warm.tables.state.rows[:, c.KEY]
    return max(task, other, key=lambda number: int(keys[warm.tables.legs_of(number)[0]]))
