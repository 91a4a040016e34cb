"""Searches that tell one another of their best."""

from __future__ import annotations

import multiprocessing
import time

import numpy as np
import pytest

from dispatch.check import check
from dispatch.mates import ROOM, Mates, inboxes
from dispatch.parallel import solve_in_parallel
from dispatch.search.crossing import Parent, parent_of
from dispatch.search.engine import Search
from dispatch.timing.network import Network
from tests.dispatch.city import district


def plan(cost: int) -> Parent:
    return Parent(cost, ((0, 1), ()), np.zeros(2, np.int64))


def heard(mates: Mates, count: int) -> list[int]:
    """The costs of as many plans, which a thread of the queue delivers."""
    costs: list[int] = []
    until = time.monotonic() + 30
    while len(costs) < count and time.monotonic() < until:
        costs += [one.cost for one in mates.heard()]
    return costs


def test_the_others_hear_of_a_plan_that_is_cheaper_than_what_was_told_before() -> None:
    boxes = inboxes(multiprocessing.get_context("spawn"), 3)
    one, two, three = (Mates(boxes, number) for number in range(3))
    for cost in (9, 10, 9, 7):
        one.tell(plan(cost))
    assert heard(two, 2) == heard(three, 2) == [9, 7]
    assert one.heard() == []


def test_nobody_waits_for_one_who_does_not_look() -> None:
    boxes = inboxes(multiprocessing.get_context("spawn"), 2)
    one, two = Mates(boxes, 0), Mates(boxes, 1)
    for cost in range(10 * ROOM, 0, -1):
        one.tell(plan(cost))
    assert heard(two, ROOM)[0] == 10 * ROOM


class Told:
    """Mates that know one plan."""

    def __init__(self, known: Parent) -> None:
        self.known = known
        self.costs: list[int] = []

    def tell(self, plan: Parent) -> None:
        self.costs.append(plan.cost)

    def heard(self) -> list[Parent]:
        return [self.known]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_search_goes_on_from_what_a_mate_found(seed: int) -> None:
    network = Network(district(seed, tasks=40, shifts=9))
    long, short = Search(network, seed=1), Search(network, seed=2)
    forever = time.monotonic() + 600
    long.construct()
    long.run(clock=time.monotonic, until=forever, iterations=600)
    short.construct()
    begun = short.cost()
    mates = Told(parent_of(long.best, long.cost()))
    short.run(clock=time.monotonic, until=forever, iterations=400, cooled=0.9, mates=mates)
    assert short.cost() <= long.cost() < begun
    assert mates.costs


def test_searches_in_processes_give_a_checked_plan() -> None:
    found = district(3, tasks=20, shifts=5)
    assert not check(found, solve_in_parallel(found, seed=1, time_limit_seconds=4, workers=2, pieces=0))
