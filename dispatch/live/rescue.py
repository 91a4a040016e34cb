"""What can be done about a delay: its first endangered task served elsewhere, or what is in danger left out.

What is late whatever is left out, a box that is aboard, a break, a shift's end, is a fact: it is excused, by no more
than that.
"""

from __future__ import annotations

from dataclasses import replace

from dispatch.errors import ChangeRefused
from dispatch.live.danger import endangered, is_soft
from dispatch.live.delay import delayed
from dispatch.live.proposing import proposals
from dispatch.live.twin import late_twin, twin_of
from dispatch.live.values import Base, Endangered, Proposal
from dispatch.live.warm import Warm
from dispatch.live.writing import changed_shifts
from dispatch.live.yielding import open_tasks
from dispatch.search import columns as c


def repairs(warm: Warm, base: Base, broken: tuple[Endangered, ...], *, k: int, version: int) -> tuple[Proposal, ...]:
    """Ways to serve the first endangered task elsewhere, with the delay; the others are left out as far as they must
    be."""
    tables, order = warm.tables, _in_danger(warm, base, broken)
    found = _rescue(warm, base, order)
    if found is None:
        return ()
    twin, trial = found
    penalty = int(tables.facts.tasks[tables.number[order[0]], c.PENALTY])
    spent = twin.total() - warm.total() - penalty
    proposed = proposals(twin, tables.tasks[order[0]], k=k, version=version, base=trial)
    return tuple(replace(one, cost=one.cost + spent) for one in proposed)


def relieved(warm: Warm, base: Base, broken: tuple[Endangered, ...]) -> Base:
    """The delay without as many of the tasks that it endangers, and then of the others on those shifts, the last first,
    as must be for the rest to fit. Raises ChangeRefused."""
    if not broken:
        return base
    shifts = sorted({warm.number_of[one.shift] for one in broken})
    names = (warm.tables.ids[task] for task in reversed(open_tasks(twin_of(warm, base), shifts)))
    others = [name for name in names if not _was_seen(base, name)]
    order = tuple(dict.fromkeys([*_in_danger(warm, base, broken), *others]))
    found = _rescue(warm, base, order)
    if found is not None:
        return found[1]
    twin = late_twin(warm, replace(base, taken_out=order))
    facts = replace(base, excuses=() if twin is None else _missed(warm, twin, base))
    found = _rescue(warm, facts, order, least=0) or _rescue(warm, replace(facts, loose=True), order, least=0)
    if found is None:
        raise ChangeRefused(["what has begun cannot be kept with the delay"])
    fewer = replace(found[1], excuses=_missed(warm, found[0], base))
    return fewer if delayed(twin_of(warm, fewer), fewer) else found[1]


def _missed(warm: Warm, twin: Warm, base: Base) -> tuple[Endangered, ...]:
    """The rules that a twin breaks and the plan does not, without windows that may be missed at a price."""
    changed = changed_shifts(twin.tables, warm.tables.state.rows)
    found = endangered(warm.account.problem, warm.routes, twin.written({*changed, warm.number_of[base.shift]}))
    return tuple(one for one in found if one.cause != "window" or not is_soft(warm.account.problem, one))


def _in_danger(warm: Warm, base: Base, broken: tuple[Endangered, ...]) -> tuple[str, ...]:
    """The endangered tasks of which nothing has begun."""
    tables = twin_of(warm, base).tables
    names = dict.fromkeys(one.id for one in broken if one.kind in ("visit", "pickup", "dropoff"))
    return tuple(name for name in names if not tables.has_begun(tables.number[name]) and not _was_seen(base, name))


def _was_seen(base: Base, name: str) -> bool:
    """Whether a task has begun for sure, though a member of its crew whose start hangs on it may be still to come."""
    return base.behind is not None and base.behind[1] == name


def _rescue(warm: Warm, base: Base, order: tuple[str, ...], *, least: int = 1) -> tuple[Warm, Base] | None:
    """A twin with the delay in which the first of the endangered tasks is out, `least` of them at least, and as many
    more as must be for the rest to fit; None if that is not enough."""
    for count in range(least, len(order) + 1):
        trial = replace(base, taken_out=order[:count])
        twin = twin_of(warm, base)
        if delayed(twin, trial):
            return twin, trial
    return None
