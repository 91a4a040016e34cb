"""Taking out of a plan: a task that is cancelled, or a caregiver who drops out and whose tasks others take over.

First each task goes where it costs least; while one fits nowhere, tasks around it are taken out and put back in another
order (ruin and recreate), and that is kept only if more is served by it: nobody is disturbed for the sake of travel.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from dispatch.live.kernels.searching import insert_best
from dispatch.live.published import without_shift
from dispatch.live.tables import Tables
from dispatch.live.warm import Warm
from dispatch.live.writing import legs_of
from dispatch.live.yielding import Yielded, dropped, take_out, with_late_breaks
from dispatch.plan import Route
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.tasks import Delivery

NEIGHBOURS = 24  # tasks near one that fits nowhere, of which some are put back differently
MOST_RUINED = 6


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a drop-out leaves to others, and what stays with her."""

    taken: list[int]
    stranded: list[int]


def withdrawal(warm: Warm, number: int) -> Withdrawal:
    """What of a shift's tasks others can take over: those of which nothing has begun and nothing is aboard."""
    tables = warm.tables
    begun, facts = tables.live.begun, tables.facts
    taken: dict[int, None] = {}
    stranded: dict[int, None] = {}
    for leg in legs_of(tables, number):
        task = int(facts.legs[leg, c.TASK])
        if begun[leg]:
            continue
        aboard = facts.legs[leg, c.KIND] == c.ABOARD or tables.has_begun(task)
        (stranded if aboard else taken)[task] = None
    return Withdrawal(list(taken), list(stranded))


def withdraw(warm: Warm, problem: Problem, number: int, out: Withdrawal, now: int) -> tuple[Problem, Yielded]:
    """Close a shift and take its open tasks out; the problem in which it ends with what has begun, and what else had to
    give way."""
    tables, shift = warm.tables, problem.shifts[number]
    facts = tables.facts
    stay = [leg for leg in legs_of(tables, number) if _stays(tables, leg, out)]
    _end_breaks(warm, number, stay)
    tables.live.closed[number] = True
    staying = {int(facts.legs[leg, c.TASK]) for leg in stay}
    freed = {pin.stop.id for pin in problem.pins if pin.shift == shift.id}
    freed -= {tables.ids[task] for task in staying}
    for name in freed:
        _unpin(warm, name)
    yielded = take_out(warm, out.taken)
    left = legs_of(tables, number)
    _end_breaks(warm, number, left)
    end = tables.sentinels + len(problem.shifts) + number
    opens, closes = shift.window
    leaves = int(tables.state.rows[end, c.START]) if left else min(max(opens, now), closes)
    facts.routes[number, c.CLOSES] = leaves
    changed = replace(shift, window=(opens, leaves), breaks=tuple(warm.rests.of_route[number]))
    found = replace(
        problem,
        shifts=tuple(changed if one is shift else one for one in problem.shifts),
        pins=without_shift(problem.pins, shift.id, freed),
    )
    return with_late_breaks(warm, found, yielded), yielded


def _stays(tables: Tables, leg: int, out: Withdrawal) -> bool:
    return bool(tables.live.begun[leg]) or int(tables.facts.legs[leg, c.TASK]) in out.stranded


def _end_breaks(warm: Warm, number: int, stay: list[int]) -> None:
    """Let a shift have no breaks but those before the last of its stops that stay."""
    tables = warm.tables
    rests = int(tables.state.rows[stay[-1], c.BREAKS]) if stay else 0
    warm.rests.of_route[number] = warm.rests.of_route[number][:rests]
    tables.facts.routes[number, c.LAST_BREAK] = tables.facts.routes[number, c.FIRST_BREAK] + rests


def _unpin(warm: Warm, name: str) -> None:
    """Let any able shift serve a task that was pinned to one."""
    tables = warm.tables
    task, number = tables.tasks[name], tables.number[name]
    tables.facts.tasks[number, c.FROZEN] = 0
    for leg in tables.legs_of(number):
        skills = task.skills if isinstance(task, Delivery) else task.crew[int(tables.facts.legs[leg, c.MEMBER])].skills
        tables.facts.allowed[leg] = tables.ability.of(task, skills)


def put_back(warm: Warm, tasks: list[int], *, rounds: int, seed: int) -> None:
    """Serve tasks again, as many as can be."""
    chance = random.Random(seed)  # noqa: S311  # a seeded search, no secret
    left = [task for task in _ordered(warm, tasks) if not insert_best(*warm.tables.handles, task)]
    for _ in range(rounds):
        if not left:
            return
        around = _around(warm, chance.choice(left), chance)
        kept, owed = warm.quick_copy(), _owed(warm, left)
        if not dropped(warm, around):
            warm.quick_restore(kept)
            continue
        chance.shuffle(around)
        again = sorted(left, key=lambda _: chance.random()) + around
        missed = [task for task in again if not insert_best(*warm.tables.handles, task)]
        if _owed(warm, missed) < owed:
            left = missed
        else:
            warm.quick_restore(kept)


def _owed(warm: Warm, tasks: list[int]) -> int:
    return int(warm.tables.facts.tasks[tasks, c.PENALTY].sum())


def _ordered(warm: Warm, tasks: list[int]) -> list[int]:
    """The dearest to leave out first, crews before others, then the tightest."""
    rows, legs = warm.tables.facts.tasks, warm.tables.facts.legs

    def key(task: int) -> tuple[int, int, int]:
        first, last = rows[task, [c.FIRST_LEG, c.LAST_LEG]].tolist()
        slack = min(legs[last - 1, c.CLOSE], legs[last - 1, c.SOFT]) - legs[last - 1, c.OPEN]
        return (-int(rows[task, c.PENALTY]), first - last if legs[first, c.KIND] == c.VISIT else 0, int(slack))

    return sorted(tasks, key=key)


def _around(warm: Warm, task: int, chance: random.Random) -> list[int]:
    """Some tasks near one in place and time, of which nothing has begun and nothing is pinned."""
    tables = warm.tables
    rows, facts, last = tables.state.rows[: tables.sentinels], tables.facts, tables.legs_of(task)[-1]
    away = facts.price[0, facts.legs[last, c.PLACE], facts.legs[: tables.sentinels, c.PLACE]].astype(np.int64)
    early = np.maximum(0, facts.legs[last, c.OPEN] - rows[:, c.START])
    late = np.maximum(0, rows[:, c.START] - facts.legs[last, c.CLOSE])
    able = facts.allowed[last, np.maximum(0, rows[:, c.ROUTE])] > 0
    near = np.where((rows[:, c.ROUTE] >= 0) & able & ~tables.live.begun, away + early + late, c.FOREVER)
    found: dict[int, None] = {}
    for leg in np.argsort(near, kind="stable")[:NEIGHBOURS].tolist():
        other = int(facts.legs[leg, c.TASK])
        open_ = near[leg] < c.FOREVER and not tables.has_begun(other)
        if open_ and facts.tasks[other, c.FROZEN] == 0:
            found[other] = None
    return chance.sample(list(found), min(len(found), chance.randint(1, MOST_RUINED)))


def served(routes: Iterable[Route | None]) -> set[str]:
    """Ids of the tasks in routes."""
    return {
        stop.id
        for route in routes
        if route is not None
        for stop in route.stops
        if stop.kind in ("visit", "pickup", "dropoff")
    }
