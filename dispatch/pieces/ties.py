"""What must not be parted when a day is cut: tasks bound by a relation, an elder's visits, and a shift with what is
pinned to it or aboard. Shifts of one caregiver stay together, so that `same_caregiver` finds them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.pieces.piece import bound_together
from dispatch.problem import Problem

Name = tuple[str, str]  # "task" or "shift", and its id


@dataclass(frozen=True, slots=True)
class Knot:
    """Tasks and shifts that stay together; most often a single task or a single shift."""

    tasks: tuple[str, ...]
    shifts: tuple[str, ...]


def knots(problem: Problem) -> list[Knot]:
    """The day's tasks and shifts as knots, each in one; in the problem's order, by their first part."""
    parent: dict[tuple[str, str], tuple[str, str]] = {
        ("shift", shift.id): ("shift", shift.id) for shift in problem.shifts
    }
    parent |= {("task", task): ("task", task) for task in problem.tasks}

    def root(name: tuple[str, str]) -> tuple[str, str]:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for one, two in _ties(problem):
        parent[root(one)] = root(two)
    found: dict[Name, tuple[list[str], list[str]]] = {}
    for name in parent:
        tasks, shifts = found.setdefault(root(name), ([], []))
        (tasks if name[0] == "task" else shifts).append(name[1])
    return [Knot(tuple(tasks), tuple(shifts)) for tasks, shifts in found.values()]


def _ties(problem: Problem) -> Iterator[tuple[Name, Name]]:
    for together in bound_together(problem):
        for task in together[1:]:
            yield ("task", together[0]), ("task", task)
    for pin in problem.pins:
        if pin.hold != "time":
            yield ("task", pin.stop.id), ("shift", pin.shift)
    first: dict[str, str] = {}
    for shift in problem.shifts:
        for aboard in shift.aboard:
            yield ("task", aboard.delivery), ("shift", shift.id)
        yield ("shift", first.setdefault(shift.caregiver, shift.id)), ("shift", shift.id)
