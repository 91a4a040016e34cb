"""Crossing plans, and searches that have the time to."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import solve
from dispatch.check import check
from dispatch.problem import Problem
from dispatch.search import columns as c
from dispatch.search.budget import Budget
from dispatch.search.crossing import Crossing, Parent, parent_of
from dispatch.search.engine import Search
from dispatch.search.population import LEAST_ROUNDS, MEMBERS, Population, is_worth_while
from dispatch.timing.network import Network
from tests.dispatch.builders import problem, shift, visit
from tests.dispatch.city import spiced


def parents(found: Problem) -> tuple[Search, Parent, Parent]:
    """A search and two plans it met with different seeds."""
    plans = []
    for seed in (1, 2):
        search = Search(Network(found), seed=seed)
        search.construct()
        search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=60)
        plans.append(parent_of(search.best, search.cost()))
    return search, plans[0], plans[1]


@given(st.integers(0, 10_000), st.integers(4, 25), st.integers(2, 6), st.integers(0, 1_000))
@settings(max_examples=40, deadline=None)
def test_a_child_has_every_task_whole_and_once_or_not_at_all(seed: int, tasks: int, shifts: int, draw: int) -> None:
    search, one, two = parents(spiced(seed, tasks=tasks, shifts=shifts))
    child = Crossing(search.facts, search.pool.types, np.random.default_rng(draw)).crossed(one, two)
    if child is None:
        return
    assert len(set(child.legs.tolist())) == len(child.legs)
    facts = search.facts
    for task, legs in Counter(facts.legs[child.legs, c.TASK].tolist()).items():
        assert legs == facts.tasks[task, c.LAST_LEG] - facts.tasks[task, c.FIRST_LEG]


@given(st.integers(0, 10_000), st.integers(0, 1_000))
@settings(max_examples=40, deadline=None)
def test_a_child_goes_the_ways_of_its_parents(seed: int, draw: int) -> None:
    search, one, two = parents(spiced(seed, tasks=20, shifts=5))
    child = Crossing(search.facts, search.pool.types, np.random.default_rng(draw)).crossed(one, two)
    if child is None:
        return
    ranks = [
        {leg: (number, rank) for number, legs in enumerate(p.routes) for rank, leg in enumerate(legs)}
        for p in (one, two)
    ]
    for before, after, here, there in zip(child.legs, child.legs[1:], child.numbers, child.numbers[1:], strict=False):
        if here == there:
            assert any(
                before in rank and after in rank and rank[before] < rank[after] and rank[before][0] == rank[after][0]
                for rank in ranks
            )


def test_routes_are_taken_from_both_parents() -> None:
    # two elders in the east, two in the west: one plan serves the east well, the other the west
    found = problem(shift("a"), shift("b"), *(visit(f"v{k}", f"p{k}") for k in range(1, 5)))
    search = Search(Network(found), seed=1)
    keys = np.zeros(4, np.int64)
    one, two = Parent(10, ((0, 1), (2, 3)), keys), Parent(9, ((1, 0), (3, 2)), keys)
    met = set()
    for draw in range(20):
        child = Crossing(search.facts, search.pool.types, np.random.default_rng(draw)).crossed(one, two)
        assert child is not None
        met.add(tuple(sorted(tuple(child.legs[child.numbers == number].tolist()) for number in (0, 1))))
    assert met == {((0, 1), (3, 2)), ((1, 0), (2, 3))}


def test_a_population_keeps_the_cheapest_and_no_cost_twice() -> None:
    population, keys = Population(), np.zeros(0, np.int64)
    for cost in (*range(MEMBERS + 5, 0, -1), 3, 3):
        population.take_in(Parent(cost, (), keys))
    assert population.is_full()
    assert sorted(member.cost for member in population.members) == list(range(1, MEMBERS + 1))


def test_one_search_takes_a_budget_that_lets_no_population_settle() -> None:
    assert is_worth_while(Budget(time.monotonic, 1e18, 10 * LEAST_ROUNDS), 10)
    assert not is_worth_while(Budget(time.monotonic, 1e18, 10 * LEAST_ROUNDS - 1), 10)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_rounds_to_evolve_a_seed_gives_the_same_checked_plan_again(seed: int) -> None:
    found = spiced(seed, tasks=6, shifts=3)
    iterations = LEAST_ROUNDS * (len(found.visits) + len(found.deliveries))
    plans = [solve(found, seed=seed, time_limit_seconds=60, iterations=iterations) for _ in range(2)]
    assert not check(found, plans[0])
    assert plans[0].routes == plans[1].routes
    assert plans[0].iterations == iterations
