"""What a delay breaks whatever is left out is a fact: the rule gives way, in the tables and in the problem, by just as
many seconds as it is missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dispatch.live.kernels.handle import SHUT
from dispatch.live.kernels.promises import hold_all
from dispatch.live.seating import leg_of
from dispatch.live.values import Endangered
from dispatch.live.warm import Warm
from dispatch.places import Window
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Pin, Relation, Task

UNBOUND = -1  # a bond of no kind


def excuse(warm: Warm, one: Endangered) -> None:
    """Let the tables have what is in danger."""
    number, facts = warm.number_of[one.shift], warm.tables.facts
    if one.kind == "break":
        warm.rests.excuse(number, one.id, one.seconds)
    elif one.cause == "shift_window":
        facts.routes[number, c.CLOSES] += one.seconds
    elif one.cause == "max_work":
        facts.routes[number, c.LONGEST] += one.seconds
    elif one.cause == "gap":
        unbind(warm, one.id)
    else:
        _excuse_stop(warm, one)


def _excuse_stop(warm: Warm, one: Endangered) -> None:
    tables, task = warm.tables, warm.tables.number[one.id]
    facts, live = tables.facts, tables.live
    leg = leg_of(tables, one.id, one.kind, one.member)
    if one.cause == "max_ride":
        facts.legs[leg, c.RIDE] += one.seconds
    elif one.cause == "stagger":
        facts.tasks[task, c.LEAST] -= one.seconds
        facts.tasks[task, c.MOST] += one.seconds
    elif one.cause == "window":
        window = facts.legs[leg, c.LAST_WINDOW] - 1
        live.windows[window, 1] += one.seconds
        live.legs[leg, SHUT] = max(live.legs[leg, SHUT], live.windows[window, 1])
        hold_all(tables.handles[0], tables.handles[2], np.array([leg]), live.promise[[leg]])


def unbind(warm: Warm, name: str) -> None:
    """Let a task start whenever those are left that come before it in sequences."""
    tables, bonds = warm.tables, warm.tables.facts.bonds
    task = tables.number[name]
    for owner, first, last in _bonds_of(warm):
        rows = bonds[first:last]
        kind = c.AFTER if owner == task else c.BEFORE
        gone = (rows[:, 0] == kind) & ((owner == task) | (rows[:, 1] == task))
        rows[gone, 0] = UNBOUND


def _bonds_of(warm: Warm) -> Iterable[tuple[int, int, int]]:
    rows = warm.tables.facts.tasks[: warm.tables.used.tasks, [c.BONDS, c.BONDS_END]].tolist()
    return ((task, first, last) for task, (first, last) in enumerate(rows) if first < last)


def excused(problem: Problem, excuses: Iterable[Endangered]) -> Problem:
    """The problem in which this is no danger."""
    for one in excuses:
        if one.kind == "break" or one.cause in ("shift_window", "max_work"):
            shifts = (_shift(shift, one) if shift.id == one.shift else shift for shift in problem.shifts)
            problem = replace(problem, shifts=tuple(shifts))
        elif one.cause == "gap":
            relations = (part for relation in problem.relations for part in _parts(relation, one.id))
            problem = replace(problem, relations=tuple(relations))
        else:
            problem = _with(problem, problem.tasks[one.id], one)
    return problem


def _shift(shift: Shift, one: Endangered) -> Shift:
    if one.kind == "break":
        breaks = (
            replace(rest, window=_longer(rest.window, one.seconds)) if rest.id == one.id else rest
            for rest in shift.breaks
        )
        return replace(shift, breaks=tuple(breaks))
    if one.cause == "shift_window":
        return replace(shift, window=_longer(shift.window, one.seconds))
    work, over, after = shift.max_work_seconds, shift.max_overtime_seconds, shift.overtime_after_seconds
    longest = (shift.longest_work_seconds or 0) + one.seconds
    return replace(
        shift,
        max_work_seconds=None if work is None else max(work, longest),
        max_overtime_seconds=over if over is None or after is None else max(over, longest - after),
    )


def _longer(window: Window, seconds: int) -> Window:
    return (window[0], window[1] + seconds)


def _parts(relation: Relation, name: str) -> Iterable[Relation]:
    if relation.kind != "sequence" or name not in relation.of:
        return (relation,)
    at = relation.of.index(name)
    return (replace(relation, of=part) for part in (relation.of[:at], relation.of[at:]) if len(part) > 1)


def _with(problem: Problem, task: Task, one: Endangered) -> Problem:
    held = [pin for pin in problem.pins if _holds(pin, one)]
    if one.cause == "window" and held:
        pins = (
            replace(pin, start_seconds=(pin.start_seconds or 0) + one.seconds) if pin in held else pin
            for pin in problem.pins
        )
        return replace(problem, pins=tuple(pins))
    if isinstance(task, Delivery):
        late = _late_delivery(task, one)
        return replace(problem, deliveries=tuple(late if each is task else each for each in problem.deliveries))
    stagger, windows = task.stagger, task.windows
    if one.cause == "stagger":
        stagger = (max(0, stagger[0] - one.seconds), stagger[1] + one.seconds)
    elif one.cause == "window":
        windows = (*windows[:-1], _longer(windows[-1], one.seconds))
    changed = replace(task, stagger=stagger, windows=windows)
    return replace(problem, visits=tuple(changed if each is task else each for each in problem.visits))


def _holds(pin: Pin, one: Endangered) -> bool:
    return pin.start_seconds is not None and pin.stop.key == (one.kind, one.id, one.member)


def _late_delivery(task: Delivery, one: Endangered) -> Delivery:
    if one.cause == "max_ride":
        return replace(task, max_ride_seconds=(task.max_ride_seconds or 0) + one.seconds)
    halt = task.pickup if one.kind == "pickup" else task.dropoff
    halt = replace(halt, windows=(*halt.windows[:-1], _longer(halt.windows[-1], one.seconds)))
    return replace(task, pickup=halt) if one.kind == "pickup" else replace(task, dropoff=halt)
