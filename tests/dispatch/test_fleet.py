"""Serving with fewer routes where using one is dear."""

from __future__ import annotations

import time
from itertools import combinations, permutations

import numpy as np
import pytest

from dispatch.objective import Objective
from dispatch.problem import Problem
from dispatch.refine import pinned
from dispatch.search.engine import Search
from dispatch.search.fleet import spare_a_route
from dispatch.search.state import IN_USE, MOST_IN_USE, UNSERVED
from dispatch.tasks import Member, Pin, StopRef
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule
from tests.dispatch.builders import minutes, problem, shift, visit

SHIFTS = "abcde"


def windowed(seed: int) -> tuple[Problem, list[str]]:
    """Six visits on a line with tight windows, five carers, each of whom costs more than all travel."""
    chance = np.random.default_rng(seed)
    visits = [
        visit(
            f"v{k}", f"p{chance.integers(1, 10)}", windows=(minutes(start := int(chance.integers(0, 90)), start + 30),)
        )
        for k in range(6)
    ]
    carers = [shift(name) for name in SHIFTS]
    return problem(*carers, *visits, objective=Objective(shift_used=1_000_000)), [one.id for one in visits]


def fewest(found: Problem, names: list[str]) -> int:
    """How many routes are needed to serve all, by trying every set of visits in every order on one route."""
    network = Network(found)

    def fits(group: tuple[str, ...]) -> bool:
        numbers = [network.node_of["visit", name, 0] for name in group]
        return any(Schedule(network).settle({0: list(order)}) for order in permutations(numbers))

    sets = {group for size in range(1, 7) for group in combinations(names, size) if fits(group)}

    def needed(left: tuple[str, ...]) -> int:
        if not left:
            return 0
        first = [group for group in sets if group[0] == left[0] and set(group) <= set(left)]
        return 1 + min(needed(tuple(name for name in left if name not in group)) for group in first)

    return needed(tuple(names))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_search_needs_no_more_routes_than_any_enumeration(seed: int) -> None:
    found, names = windowed(seed)
    search = Search(Network(found), seed=seed)
    search.construct()
    search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=300)
    assert search.unserved() == 0
    assert sum(1 for route in search.sequences() if route) == fewest(found, names)


def test_a_spared_route_is_empty_and_may_not_be_used_again() -> None:
    found, _ = windowed(1)
    search = Search(Network(found), seed=1)
    search.construct()
    before = search.state.counters[IN_USE]
    assert spare_a_route(search._facts, search._state)  # what kernels are given
    counters = search.state.counters
    assert counters[IN_USE] == counters[MOST_IN_USE] == before - 1
    assert counters[UNSERVED] > 0


def test_a_route_whose_first_stop_is_pinned_is_not_spared() -> None:
    pins = (Pin("a", StopRef("visit", "v1"), "prefix"),)
    found = problem(shift("a"), visit(), pins=pins, objective=Objective(shift_used=1_000_000))
    network = Network(found)
    search = Search(network, seed=1)
    search.construct(pinned(network))
    assert search.state.counters[IN_USE] == 1
    assert not spare_a_route(search._facts, search._state)  # what kernels are given
    assert search.state.counters[IN_USE] == 1


@pytest.mark.parametrize(("factor", "most"), [(1.0, 2), (3.0, 3)])
def test_after_saving_no_more_routes_are_used_unless_some_are_cheaper(factor: float, most: int) -> None:
    carers = shift("a"), shift("b"), shift("c", cost={"shift_used": factor})
    at_once = [visit(f"v{k}", f"p{k}", windows=(minutes(60, 60),)) for k in (1, 2)]
    found = problem(*carers, *at_once, objective=Objective(shift_used=1_000_000))
    search = Search(Network(found), seed=1)
    search.construct()
    search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=6_000)
    assert sum(1 for route in search.sequences() if route) == 2
    assert search.state.counters[MOST_IN_USE] == most


def test_routes_are_not_counted_while_a_task_is_left_out() -> None:
    lifted = visit("v2", "p2", crew=(Member(600, frozenset({"lift"})),))
    found = problem(shift("a"), shift("b"), visit("v1", "p1"), lifted, objective=Objective(shift_used=1_000_000))
    search = Search(Network(found), seed=1)
    search.construct()
    search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=50)
    assert search.unserved() == 1
    assert search.state.counters[MOST_IN_USE] == 2
