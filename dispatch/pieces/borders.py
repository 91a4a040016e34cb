"""New pieces from a plan: its routes are cut anew along turned axes, so that most old borders lie inside a piece.

POPMUSIC (Taillard & Voss 2002, doi:10.1007/978-1-4615-1507-4_27) with all parts of a cut opened at once, since parts
that share no shift do not disturb one another.
"""

from __future__ import annotations

from math import ceil, pi

import numpy as np

from dispatch.pieces.cut import halves
from dispatch.pieces.ground import Ground, Points
from dispatch.pieces.opening import Day
from dispatch.pieces.piece import Piece

TURN = 0.382 * pi  # the golden part of half a turn: no two rounds cut along nearly the same axes


def recut(day: Day, ground: Ground, *, size: int, number: int) -> list[Piece]:
    """Pieces of about `size` tasks: every shift with what it serves, and unserved tasks beside it. `number` counts
    rounds from 1. Pieces without a shift or without a task are left out."""
    items = _items(day, ground)
    found: list[Piece] = []
    waiting = [np.arange(len(items))]
    points = np.array([point for _, _, point in items]).reshape(-1, 2)
    weights = np.array([len(tasks) for _, tasks, _ in items], np.int64)
    while waiting:
        part = waiting.pop()
        count = ceil(weights[part].sum() / size)
        lower = halves(points[part], weights[part], (count // 2) / max(1, count), number * TURN)
        if count > 1 and lower.any() and not lower.all():
            waiting += [part[~lower], part[lower]]
        else:
            found.append(
                Piece(
                    frozenset(task for item in part for task in items[item][1]),
                    frozenset(shift for item in part for shift in items[item][0]),
                )
            )
    return [piece for piece in found if piece.tasks and piece.shifts]


def _items(day: Day, ground: Ground) -> list[tuple[tuple[str, ...], list[str], Points]]:
    """(shifts, tasks, point): each shift with what it serves and what must be its own; each other unserved task."""
    problem, unserved = day.problem, day.unserved()
    own: dict[str, list[str]] = {}
    for task in unserved:
        if task in day.home:
            own.setdefault(day.home[task], []).append(task)
    found: list[tuple[tuple[str, ...], list[str], Points]] = []
    for shift in problem.shifts:
        tasks = [*day.served(shift.id), *own.get(shift.id, ())]
        places = [ground.task(problem.tasks[task]) for task in tasks] or [ground.place(shift.start)]
        found.append(((shift.id,), tasks, np.mean(places, axis=0)))
    found += [((), [task], ground.task(problem.tasks[task])) for task in unserved if task not in day.home]
    return found
