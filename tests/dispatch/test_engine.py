"""The engine as a whole: realistic days, reproducibility, limits, small changes, and the routing model alone."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch import (
    UnknownTask,
    check,
    dump_problem,
    improve,
    insert,
    read_problem,
    solve,
)  # fmt: skip
from dispatch.exact.routing import search
from dispatch.problem import Problem
from dispatch.refine import Clock, finish
from dispatch.shifts import Aboard
from dispatch.solving import solve_by_routing
from dispatch.tasks import Pin, Relation, StopRef
from dispatch.timing.assembly import schedule_of
from dispatch.timing.filling import construct
from dispatch.timing.insertion import Inserter
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule
from tests.dispatch.builders import (
    HOUR,
    MINUTE,
    arranged,
    lunch,
    meal,
    minutes,
    problem,
    served,
    shift,
    shift_of,
    start_of,
    visit,
)  # fmt: skip
from tests.dispatch.city import district, spiced


def test_a_districts_day_is_served_but_for_a_few_within_three_seconds() -> None:
    found = district(2, tasks=65, shifts=17)
    plan = solve(found, seed=1, time_limit_seconds=3)
    assert check(found, plan) == []
    assert len(plan.unassigned) <= 3
    assert all(reason.code != "insertable" for entry in plan.unassigned for reason in entry.reasons)


def test_the_limit_of_cpu_time_is_kept() -> None:
    found = district(5, tasks=25, shifts=12)
    solve(found, seed=1, time_limit_seconds=0.5)  # loads the compiled search
    began = time.process_time()
    solve(found, seed=1, time_limit_seconds=2, clock=time.process_time)
    assert time.process_time() - began < 2.6  # CPU time: however busy the machine


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    found = district(3, tasks=30, shifts=8)
    first, second = (solve(found, seed=4, time_limit_seconds=60, iterations=6) for _ in range(2))
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


def test_a_limit_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        solve(problem(visit()), seed=1, time_limit_seconds=0)


@given(st.integers(0, 10_000), st.integers(3, 14), st.integers(1, 4))
@example(2406, 13, 1)  # an elder is aboard, and a pin puts a visit first: one of them cannot be
@settings(max_examples=25, deadline=None)
def test_every_plan_of_any_small_day_is_valid(seed: int, tasks: int, shifts: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    plan = solve(found, seed=seed, time_limit_seconds=5, iterations=3)  # raises if the checker objects
    assert len(served(plan)) + len(plan.unassigned) == tasks
    later = replace(found, baseline=plan, shifts=found.shifts[1:] if shifts > 1 else found.shifts)
    later = replace(later, pins=tuple(pin for pin in later.pins if pin.shift in later.shift_of))
    assert check(later, improve(later, plan, seed=seed, time_limit_seconds=5, iterations=2)) == []
    assert read_problem(dump_problem(later)) == later


def alone(found: Problem, seconds: float = 0.4) -> Schedule:
    """What the routing model finds by itself, from nothing."""
    schedule = search(Schedule(Network(found)), seconds=seconds, iterations=None)
    assert schedule is not None
    finish(schedule, Clock(5.0), seed=0, iterations=0)  # raises if the checker objects
    return schedule


TWO = (shift("a"), shift("b"))
PAIR = (*TWO, visit("x"), visit("y"))
ALONE = {
    "windows": problem(visit("a", "p3", windows=(minutes(60, 70), minutes(90, 99))), visit("b", "p9", late_second=1)),
    "stagger": problem(*TWO, visit(crew=2, stagger=minutes(20, 30))),
    "break": problem(
        shift(breaks=(lunch(),)),
        visit("x", windows=(minutes(100, 110),)),
        visit("y", windows=(minutes(181, 240),)),
    ),
    "rides": problem(
        meal("x", max_ride_seconds=600),
        meal("y", max_ride_seconds=600),
        meal("z", direct=True),
        setup={"p1": 120},
    ),
    "direct": problem(
        shift(breaks=(lunch(62, 80, 5),)),
        meal("x", "p1", "p9", ready=(minutes(60, 60),), direct=True),  # under way from minute 61 to 69
    ),
    "capacity": problem(shift(capacity={"boxes": 1}), meal("x"), meal("y")),
    "aboard": problem(shift(aboard=(Aboard("x", 0),)), meal("x", max_ride_seconds=HOUR), meal("y")),
    "ends": problem(
        shift("a", end=None),
        shift("b", start="p9", end=None, max_work_seconds=2 * HOUR),
        visit("x", "p8"),
    ),
    "elder": problem(*TWO, visit("x", elder="e"), visit("y", elder="e")),
    "same": problem(*PAIR, relations=(Relation("same_caregiver", ("x", "y")),)),
    "different": problem(*PAIR, relations=(Relation("different_caregiver", ("x", "y")),)),
    "sequence": problem(*PAIR, relations=(Relation("sequence", ("x", "y"), minutes(5, 9)),)),
    "prefix": problem(visit("x", "p5"), visit("y"), pins=(Pin("s1", StopRef("visit", "x"), "prefix", 90 * MINUTE),)),
    "liking": problem(visit("x", preferred={"c-b": 9}), shift("a"), shift("b", overtime_after_seconds=60)),
}


@pytest.mark.parametrize("found", ALONE.values(), ids=ALONE.keys())
def test_the_routing_model_states_each_constraint_by_itself(found: Problem) -> None:
    assert alone(found).unserved() == []


def test_the_routing_model_alone_leaves_out_what_cannot_be_served() -> None:
    found = problem(visit("near"), visit("far", "p10", windows=(minutes(0, 5),)), visit("two", crew=2))
    schedule = alone(found)
    assert [schedule.network.bundles[task].task.id for task in schedule.unserved()] == ["far", "two"]


def test_the_routing_engine_fetches_nothing_on_top_of_more_than_there_is_room_for() -> None:
    carried = meal("carried", due=(minutes(300, 400),), load={"boxes": 11})
    found = problem(shift(aboard=(Aboard("carried", 0),)), carried, meal("weightless", due=(minutes(0, 60),), load={}))
    plan = solve_by_routing(found, seed=1, time_limit_seconds=0.5)
    assert check(found, plan) == []
    assert "weightless" not in served(plan)


@pytest.mark.parametrize("seed", [1, 3, 6])
def test_the_routing_search_accepts_a_days_schedule_and_never_makes_it_dearer(seed: int) -> None:
    network = Network(district(seed, tasks=30, shifts=8))
    schedule = construct(network, random.Random(1), None)
    found = search(schedule, seconds=0.5, iterations=None)
    assert found is not None
    assert found.cost() <= schedule.cost()


def test_the_routing_search_keeps_a_crew_together_at_one_moment() -> None:
    crews = [visit(f"v{k}", f"p{k}", crew=2) for k in (1, 5, 3)]
    network = Network(problem(shift("a"), shift("b", start="p9"), *crews))
    schedule = construct(network, random.Random(1), None)
    found = search(schedule, seconds=0.4, iterations=None)
    assert found is not None
    assert found.unserved() == []
    assert found.cost() <= schedule.cost()
    for bundle in network.bundles:
        assert len({found.starts[number] for number in bundle.nodes}) == 1


def test_inserting_keeps_every_other_stop_on_its_shift() -> None:
    found = problem(visit("a", "p2"), visit("b", "p7"), visit("new", "p5", windows=(minutes(200, 210),)))
    before = solve(replace(found, visits=found.visits[:2]), seed=1, time_limit_seconds=1, iterations=3)
    after = insert(found, before, "new")
    assert after is not None
    assert check(found, after) == []
    assert start_of(after, "new") == 200 * MINUTE
    assert {shift_of(after, name) for name in ("a", "b")} == {"s1"}


def test_inserting_what_fits_nowhere_gives_nothing() -> None:
    found = problem(visit("a", windows=(minutes(1, 1),)), visit("b", windows=(minutes(1, 1),)))
    plan = solve(found, seed=1, time_limit_seconds=1, iterations=3)
    (left,) = plan.unassigned
    assert insert(found, plan, left.id) is None
    with pytest.raises(UnknownTask):
        insert(found, plan, "nobody")


def test_improving_never_costs_more_and_forgets_what_is_gone() -> None:
    found = district(6, tasks=25, shifts=6)
    first = solve(found, seed=1, time_limit_seconds=5, iterations=1)
    better = improve(found, first, seed=2, time_limit_seconds=5, iterations=10)
    assert better.cost["total"] <= first.cost["total"]
    fewer = replace(found, visits=found.visits[1:], shifts=found.shifts[1:])
    assert check(fewer, improve(fewer, first, seed=2, time_limit_seconds=5, iterations=2)) == []


def test_a_plan_whose_staggered_crews_come_before_one_another_is_improved_too() -> None:
    apart = visit("apart", "p1", crew=2, stagger=(0, HOUR))
    found = problem(shift("a"), shift("b"), apart, visit("pair", "p2", crew=2))
    plan = arranged(found, ["apart", "pair"], ["pair", "apart"])
    better = improve(found, plan, seed=1, time_limit_seconds=5, iterations=3)
    assert check(found, better) == []
    assert better.cost["total"] <= plan.cost["total"]


def test_a_plan_read_back_keeps_its_order() -> None:
    found = district(8, tasks=25, shifts=6)
    plan = solve(found, seed=1, time_limit_seconds=5, iterations=4)
    schedule, dropped = schedule_of(Network(found), plan)
    again = finish(schedule, Clock(5.0), seed=plan.seed, iterations=plan.iterations)
    assert dropped == []
    assert [route.stops for route in again.routes] == [route.stops for route in plan.routes]


def test_a_failed_insertion_leaves_the_schedule_as_it_was() -> None:
    network = Network(district(9, tasks=30, shifts=3))
    schedule = construct(network, random.Random(1), None)
    for task in schedule.unserved():
        before = schedule.copy()
        if not Inserter(schedule).insert(task):
            assert schedule.sequences == before.sequences
            assert schedule.timings == before.timings
            assert schedule.shift_of == before.shift_of
            assert schedule.starts == before.starts


def test_removing_a_task_gives_back_the_time_it_took() -> None:
    network = Network(problem(visit("a", "p1"), visit("b", "p2"), visit("c", "p3")))
    schedule = construct(network, random.Random(1), None)
    end = schedule.timings[0].end
    schedule.remove([network.tasks["b"]])
    assert schedule.timings[0].end == end - 10 * MINUTE
