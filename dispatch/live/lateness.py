"""Running late: a delay carried through a route and all that hangs on it, and what it breaks.

First as strictly as every change, then with her breaks where they now fit. Where that breaks a rule, on a lenient twin,
so that it can be said by how much each is missed.
"""

from __future__ import annotations

from dataclasses import replace

from dispatch.errors import ChangeRefused
from dispatch.live.danger import endangered
from dispatch.live.delay import delayed
from dispatch.live.moves import moves_between
from dispatch.live.rescue import repairs
from dispatch.live.twin import late_twin, twin_of
from dispatch.live.values import Base, Lateness
from dispatch.live.warm import Warm
from dispatch.live.writing import changed_shifts
from dispatch.problem import Problem


def lateness_of(warm: Warm, problem: Problem, base: Base, *, k: int, version: int) -> Lateness:
    """What a delay does to the plan; nothing is changed."""
    if not base.late_seconds:
        return Lateness(base.shift, 0, (), (), (), version, base)
    before = warm.tables.state.rows.copy()
    twin, kept = _delayed(warm, base)
    after = twin.written({*changed_shifts(twin.tables, before), warm.number_of[base.shift]})
    planned = warm.before(after)
    broken = () if kept is not None else endangered(problem, warm.routes, after)
    found = repairs(warm, base, broken, k=k, version=version)
    moves = moves_between(planned.values(), after.values())
    return Lateness(base.shift, base.late_seconds, moves, broken, found, version, kept or base)


def _delayed(warm: Warm, base: Base) -> tuple[Warm, Base | None]:
    """A twin with the delay, and how it keeps all rules; None if it does not."""
    for trial in (base, replace(base, loose=True)):
        twin = twin_of(warm, trial)
        if delayed(twin, trial):
            return twin, trial
    late = late_twin(warm, base)
    if late is None:
        raise ChangeRefused(["the delay reaches what has begun elsewhere"])
    return late, None
