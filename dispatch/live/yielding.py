"""Taking tasks out of a plan where others must give way for it: a shorter route may have no place for its break.

Nothing gives way that need not: first the breaks that have not begun may move, then the open tasks of the same routes
are taken out too (the caller puts back what it can), then a break may be taken after its window has closed, then all
that has not begun is taken out: what is pinned, and what is aboard, which as a first stop may ride too long, for nobody
waits at one. At last breaks wait until all is done: a free one on a ride may make it too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dispatch.errors import ChangeRefused
from dispatch.live.kernels.searching import drop
from dispatch.live.warm import Warm
from dispatch.live.writing import legs_of
from dispatch.problem import Problem
from dispatch.search import columns as c


@dataclass(frozen=True, slots=True)
class Yielded:
    """What gave way: shifts whose breaks may have moved, tasks taken out besides, shifts whose breaks come too late."""

    shifts: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)


def dropped(warm: Warm, tasks: Iterable[int]) -> bool:
    """Take tasks out; False if what is left then does not fit (the caller has a copy)."""
    return bool(drop(*warm.tables.handles, np.array(list(tasks), np.int64)))


def take_out(warm: Warm, tasks: Sequence[int]) -> Yielded:
    """Take tasks out of the state, whatever must give way. Raises ChangeRefused if what has begun cannot be kept."""
    kept, shifts = warm.quick_copy(), _shifts_of(warm, tasks)
    if dropped(warm, tasks):
        return Yielded()
    for number in shifts:
        warm.rests.free(number, warm.now)
    warm.quick_restore(kept)
    if dropped(warm, tasks):
        return Yielded(shifts)
    warm.quick_restore(kept)
    others = [task for task in open_tasks(warm, shifts) if task not in set(tasks)]
    if dropped(warm, [*tasks, *others]):
        return Yielded(shifts, others)
    late = [number for number in shifts if warm.rests.of_route[number]]
    ahead = {number: warm.rests.begun_upto(number, _rested(warm, number), warm.now) for number in late}
    warm.quick_restore(kept)
    for number in late:
        warm.rests.release(number, _rested(warm, number))
        warm.rests.extend(number, c.FOREVER)
    if dropped(warm, [*tasks, *others]):
        return Yielded(shifts, others, late)
    warm.quick_restore(kept)
    others = [task for task in open_tasks(warm, shifts, bound=True) if task not in set(tasks)]
    if dropped(warm, [*tasks, *others]):
        return Yielded(shifts, others, late)
    warm.quick_restore(kept)
    for number, rank in ahead.items():
        warm.rests.put_behind(number, rank, _left(warm, number, {*tasks, *others}))
    if not dropped(warm, [*tasks, *others]):
        raise ChangeRefused(["what has begun cannot be kept without it"])
    return Yielded(shifts, others, late)


def _rested(warm: Warm, number: int) -> int:
    """How many of a shift's breaks lie before its last stop that has begun."""
    begun = [leg for leg in legs_of(warm.tables, number) if warm.tables.live.begun[leg]]
    return int(warm.tables.state.rows[begun[-1], c.BREAKS]) if begun else 0


def _left(warm: Warm, number: int, out: set[int]) -> int:
    """When a shift leaves the last of its stops that are of none of these tasks."""
    facts, rows = warm.tables.facts.legs, warm.tables.state.rows
    stops = [leg for leg in legs_of(warm.tables, number) if int(facts[leg, c.TASK]) not in out]
    return max((int(rows[leg, c.DEP]) for leg in stops), default=0)


def _shifts_of(warm: Warm, tasks: Iterable[int]) -> list[int]:
    legs = [leg for task in tasks for leg in warm.tables.legs_of(task)]
    return sorted({int(number) for number in warm.tables.state.rows[legs, c.ROUTE] if number >= 0})


def open_tasks(warm: Warm, shifts: Iterable[int], *, bound: bool = False) -> list[int]:
    """The tasks of these shifts of which nothing has begun and nothing is pinned or aboard, unless `bound`."""
    tables = warm.tables
    pinned = {tables.number[pin.stop.id] for pin in warm.account.problem.pins if pin.stop.id in tables.number}
    found: dict[int, None] = {}
    for leg in (leg for number in shifts for leg in legs_of(tables, number)):
        task = int(tables.facts.legs[leg, c.TASK])
        if not tables.has_begun(task) and (
            bound or (task not in pinned and tables.facts.legs[leg, c.KIND] != c.ABOARD)
        ):
            found[task] = None
    return list(found)


def with_late_breaks(warm: Warm, problem: Problem, yielded: Yielded) -> Problem:
    """The problem in which breaks that come too late may do so, as late as they come now and no later."""
    shifts = list(problem.shifts)
    for number in list(yielded.late):
        ends = {rest.id: rest.window[1] for rest in warm.account.problem.shifts[number].breaks}
        starts = rest_starts(warm, number)
        warm.rests.close(number, {name: max(end, starts.get(name, end)) for name, end in ends.items()})
        if all(starts.get(name, end) <= end for name, end in ends.items()):
            yielded.late.remove(number)
        shifts[number] = replace(shifts[number], breaks=tuple(warm.rests.of_route[number]))
    return replace(problem, shifts=tuple(shifts)) if yielded.shifts else problem


def rest_starts(warm: Warm, number: int) -> dict[str, int]:
    """When a shift's breaks start, between two stops or owed after its end."""
    legs, rows = legs_of(warm.tables, number), warm.tables.state.rows
    if not legs:
        return {}
    starts = warm.breaks(number)
    clock = int(rows[len(rows) - len(warm.tables.problem.shifts) + number, c.START])
    for rank in range(int(rows[legs[-1], c.BREAKS]), len(warm.rests.of_route[number])):
        rest, (begin, _) = warm.rests.row(number, rank)
        starts[rest.id] = max(clock, begin)
        clock = starts[rest.id] + rest.seconds
    return starts
