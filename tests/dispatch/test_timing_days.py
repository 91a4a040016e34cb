"""Exact timing of whole small days: valid, never dearer, no delay cheaper; and its place in solve and improve."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import check, improve, solve
from dispatch.cost import cost_of
from dispatch.exact.timing import timed
from dispatch.objective import Objective
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.refine import Clock, finish
from dispatch.timing.assembly import routes_of
from dispatch.timing.filling import construct
from dispatch.timing.network import Network
from dispatch.timing.schedule import Schedule
from tests.dispatch.builders import MINUTE, minutes, problem, shift, start_of, visit
from tests.dispatch.city import district, spiced

SEEDS = st.integers(0, 10_000)


def day(seed: int, *, elders: bool) -> Schedule:
    """A small day with a bit of everything, a disturbed baseline and weights on time, constructed but not searched."""
    chance = random.Random(seed)
    found = spiced(seed, tasks=chance.randint(3, 14), shifts=chance.randint(1, 4))
    pins = tuple(replace(pin, hold="both") if pin.hold == "prefix" else pin for pin in found.pins)
    found = replace(found, pins=pins)  # a bare construction does not always keep the heads of routes
    if not elders:
        found = replace(found, visits=tuple(replace(visit, elder=None) for visit in found.visits))
    before = Plan("feasible", tuple(shaken(found, chance)))
    weights = Objective(
        wait_second=chance.choice((0, 1, 3)), overtime_second=chance.choice((0, 2)), moved_second=chance.choice((0, 1)),
        unfair_second=chance.choice((0, 0, 1)), max_late_second=chance.choice((0, 0, 2)),
    )  # fmt: skip
    return construct(Network(replace(found, baseline=before, objective=weights)), chance, None)


def shaken(found: Problem, chance: random.Random) -> list[Route]:
    """The routes of a first plan with some starts written down earlier or later."""
    return [
        replace(
            route,
            stops=tuple(replace(stop, start=stop.start + chance.choice((0, 0, 600, 1500))) for stop in route.stops),
        )
        for route in routes_of(construct(Network(found), chance, None))
    ]


def total(schedule: Schedule) -> int:
    """The whole cost, fairness and the greatest lateness too."""
    missing = [schedule.network.bundles[index].task.id for index in schedule.unserved()]
    return cost_of(schedule.network.problem, routes_of(schedule), missing)["total"]


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_exact_timing_of_any_small_day_is_valid_and_never_dearer(seed: int) -> None:
    schedule = day(seed, elders=True)
    orders, cost = [list(sequence) for sequence in schedule.sequences], total(schedule)
    found = timed(schedule, seconds=60, seed=seed)
    finish(found, Clock(60.0), seed=0, iterations=0)  # raises if the checker objects
    assert total(found) <= cost == total(schedule)
    assert found.sequences == schedule.sequences == orders


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_no_delay_of_any_stop_is_cheaper_than_exact_timing(seed: int) -> None:
    schedule = day(seed, elders=False)  # delays may change the order of an elder's visits, which exact timing keeps
    found, chance = timed(schedule, seconds=60, seed=seed), random.Random(seed)
    least = total(found)
    for _ in range(20):
        trial = (found if chance.random() < 0.5 else schedule).copy()
        stops = [number for number, start in enumerate(trial.starts) if start >= 0]
        later = {number: trial.starts[number] for number in stops}
        for number in chance.sample(stops, min(len(stops), 3)):
            later[number] = max(0, later[number] + chance.choice((-1800, -300, -1, 1, 60, 300, 900, 3600)))
        if trial.retime(range(len(trial.sequences)), later):
            assert total(trial) >= least


def test_the_same_work_gives_the_same_starts() -> None:
    found = district(3, tasks=30, shifts=8)
    late = tuple(replace(held, overtime_after_seconds=3600) for held in found.shifts)
    schedule = construct(Network(replace(found, shifts=late)), random.Random(1), None)
    first, second = (timed(schedule, seconds=600, seed=5, work=0.5) for _ in range(2))
    assert first is not schedule
    assert first.starts == second.starts


HELD = problem(
    shift("a", overtime_after_seconds=60 * MINUTE), shift("b", skills=frozenset({"lift"})),
    visit("both", crew=2, windows=(minutes(0, 100),), mandatory=True),
    visit("late", windows=(minutes(120, 130),), excluded=frozenset({"c-b"})),
)  # fmt: skip


def test_a_plan_is_timed_exactly_before_it_is_given_out() -> None:
    told: list[str] = []
    plan = solve(HELD, seed=7, time_limit_seconds=20, iterations=50, progress=lambda text, _: told.append(text))
    assert check(HELD, plan) == []
    assert plan.cost["overtime_second"] == 0  # with the crew at minute 1 it would be 71 minutes
    assert start_of(plan, "both") >= 72 * MINUTE
    assert any(text.startswith("timed exactly") for text in told)


def test_improving_keeps_what_exact_timing_has_gained() -> None:
    plan = solve(HELD, seed=7, time_limit_seconds=20, iterations=50)
    again = improve(HELD, plan, seed=1, time_limit_seconds=0.05)
    assert again.cost["total"] <= plan.cost["total"]
