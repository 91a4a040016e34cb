"""Edge assembly: ways of two plans as cycles, and the children that exchanging one of them gives."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.problem import Problem
from dispatch.search.assembly import DEPOT, Assembly, crossing_of, cycles, exchanged
from dispatch.search.crossing import Crossing, parent_of
from dispatch.search.engine import Search
from dispatch.timing.network import Network
from tests.dispatch.builders import problem, shift, visit

Plan = tuple[tuple[int, ...], ...]


@st.composite
def plans(draw: st.DrawFn, legs: int) -> Plan:
    """All legs in some order, cut into routes, perhaps empty ones."""
    order = draw(st.permutations(range(legs)))
    cuts = sorted(draw(st.lists(st.integers(0, legs), max_size=4)))
    return tuple(tuple(order[begin:end]) for begin, end in zip((0, *cuts), (*cuts, legs), strict=True))


def ways(routes: list[list[int]] | Plan) -> set[tuple[int, int]]:
    return {way for legs in routes if legs for way in zip((DEPOT, *legs), (*legs, DEPOT), strict=True)}


@given(st.integers(1, 12).flatmap(lambda legs: st.tuples(plans(legs), plans(legs))), st.integers(0, 1_000))
@settings(max_examples=300, deadline=None)
def test_all_cycles_together_lead_from_one_plan_to_the_other_and_each_leaves_no_leg_twice(
    pair: tuple[Plan, Plan], draw: int
) -> None:
    one, two = pair
    found = cycles(one, two, np.random.default_rng(draw))
    ours = [way for cycle in found for way, _ in cycle if way != (DEPOT, DEPOT)]
    theirs = [way for cycle in found for _, way in cycle if way != (DEPOT, DEPOT)]
    assert sorted(ours) == sorted(ways(one) - ways(two))
    assert sorted(theirs) == sorted(ways(two) - ways(one))
    assert ways(exchanged(one, [pair for cycle in found for pair in cycle])) == ways(two)
    for cycle in found:
        child = exchanged(one, cycle)
        legs = [leg for route in child for leg in route]
        assert len(legs) == len(set(legs))
        assert ways(child) <= ways(one) | ways(two)


def test_tails_are_exchanged_by_one_cycle() -> None:
    (cycle,) = cycles(((0, 1), (2, 3)), ((0, 3), (2, 1)), np.random.default_rng(1))
    assert {way for way, _ in cycle} == {(0, 1), (2, 3)}
    assert {way for _, way in cycle} == {(0, 3), (2, 1)}
    assert exchanged(((0, 1), (2, 3)), cycle) == [[0, 3], [2, 1]]


def test_a_ring_that_no_route_begins_is_left_out() -> None:
    # 1 goes on to 2 and back instead of to 3: the exchanged ways cut 1-2 out of the route
    cycle = [((0, 1), (2, 1)), ((2, 3), (0, 3))]
    assert exchanged(((0, 1, 2, 3),), cycle) == [[0, 3]]


def plain_day(visits: int, shifts: int) -> Problem:
    """Visits with windows of two hours, of which a route can serve some."""
    begins = [k * 1800 % 20_000 for k in range(visits)]
    wishes = [visit(f"v{k}", f"p{k % 4 + 1}", windows=((begin, begin + 7200),)) for k, begin in enumerate(begins)]
    return problem(*(shift(f"s{k}") for k in range(shifts)), *wishes)


@pytest.mark.parametrize("draw", range(20))
def test_a_child_fits_as_it_is_and_its_legs_stand_once(draw: int) -> None:
    parents = []
    for seed in (draw, draw + 100):
        search = Search(Network(plain_day(14, 4)), seed=seed)
        search.construct()
        search.run(clock=time.monotonic, until=time.monotonic() + 600, iterations=30)
        parents.append(parent_of(search.best, search.cost()))
    crossing = crossing_of(search.facts, search.pool.types, np.random.default_rng(draw))
    assert isinstance(crossing, Assembly)
    child = crossing.crossed(parents[0], parents[1])
    if child is None:
        assert ways(parents[0].routes) == ways(parents[1].routes)
        return
    assert len(set(child.legs.tolist())) == len(child.legs) >= 10
    assert search._seated(child)


@pytest.mark.parametrize(
    "day",
    [
        problem(shift("a"), shift("b", end="p3"), visit("v1", "p1")),
        problem(shift("a"), shift("b"), visit("v1", "p1", crew=2)),
    ],
)
def test_days_that_are_more_than_their_ways_exchange_routes(day: Problem) -> None:
    search = Search(Network(day), seed=1)
    assert isinstance(crossing_of(search.facts, search.pool.types, search.draw), Crossing)
