"""A row of the table of constraints: a tiny day, what is measured, and the number worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch import Plan, Problem
from tests.dispatch.builders import minutes, shift, start_of

BATH = frozenset({"bath"})
NEAR_AND_FAR = (shift("a"), shift("b", start="p9", end="p9"))
AT_ONE = (minutes(1, 1),)


@dataclass(frozen=True)
class Row:
    """`fields` are the names in the document (relations and pins: with their kind) that the day turns on."""

    name: str
    fields: str
    day: Problem
    measure: Callable[[Plan], int]
    expected: int


def cost(term: str) -> Callable[[Plan], int]:
    return lambda plan: plan.cost[term]


def start(task: str, kind: str = "visit") -> Callable[[Plan], int]:
    return lambda plan: start_of(plan, task, kind)


def apart(one: tuple[str, int], two: tuple[str, int]) -> Callable[[Plan], int]:
    return lambda plan: start_of(plan, two[0], member=two[1]) - start_of(plan, one[0], member=one[1])


def total(name: str) -> Callable[[Plan], int]:
    return lambda plan: sum(route.totals[name] for route in plan.routes)
