"""Routes that the state times a little too early: a setup of a minute may hide in a wait between two breaks in a row.

A plan pays the setup behind the last of them. So the stop is put off to where a plan can have it, and all that hangs on
it is timed again: a promise like any other.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dispatch.live.kernels.promises import hold_all
from dispatch.live.kernels.searching import drop
from dispatch.live.warm import Ints, Warm
from dispatch.live.writing import Unwritable, changed_shifts, write
from dispatch.search.state import DIRTY

MOST_PUT_OFF = 64  # stops of one change


def writable(warm: Warm, before: Ints) -> bool:
    """Put off what no plan could have, on all routes that differ from `before` (the state's rows then); False if that
    breaks a rule (the caller has a copy)."""
    if not warm.several_breaks:
        return True
    for _ in range(MOST_PUT_OFF):
        fault = _fault(warm, changed_shifts(warm.tables, before))
        if fault is None:
            return True
        if fault.start is None or not _put_off(warm, fault.leg, fault.start):
            return False
    return False


def retimed(warm: Warm, legs: Iterable[int]) -> bool:
    """Time some legs of one route again, in driving order, and what depends on them; False if that breaks a rule (the
    caller has a copy)."""
    state = warm.tables.state
    asked = list(legs)[::-1]  # as `push` would leave them in a state at rest: the first to be timed is the last
    state.dirty[: len(asked)] = asked
    state.is_dirty[asked] = True
    state.counters[DIRTY] = len(asked)
    return bool(drop(*warm.tables.handles, np.empty(0, np.int64)))


def _put_off(warm: Warm, leg: int, start: int) -> bool:
    facts, _, live = warm.tables.handles
    if warm.tables.live.begun[leg]:
        return False
    hold_all(facts, live, np.array([leg], np.int64), np.array([start], np.int64))
    return retimed(warm, [leg])


def _fault(warm: Warm, numbers: Iterable[int]) -> Unwritable | None:
    for number in numbers:
        if len(warm.rests.of_route[number]) > 1:
            try:
                write(warm.tables, warm.rests, number)
            except Unwritable as error:
                return error
    return None
