"""Days solved by pieces: valid as a whole, never dearer, reproducible, stopped when asked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import check, solve
from dispatch.objective import Objective
from dispatch.parallel import solve_in_parallel
from dispatch.pieces import Piece, by_pieces
from dispatch.pieces.borders import recut
from dispatch.pieces.ground import Ground
from dispatch.pieces.hands import OwnHands
from dispatch.pieces.merge import merged
from dispatch.pieces.opening import Day
from dispatch.pieces.planner import LEAST_SECONDS, Planner
from dispatch.pieces.work import Answer, Task
from dispatch.places import Dense
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.refine import Clock
from dispatch.stopping import Stop
from dispatch.tasks import Relation
from dispatch.travel import tables
from tests.dispatch.builders import planned, problem, served, shift, visit
from tests.dispatch.city import district, spiced


def pieced(found: Problem, *, size: int = 30, iterations: int = 20, seed: int = 1) -> Plan:
    """A day by pieces, with counted iterations."""
    return solve_in_parallel(found, seed=seed, time_limit_seconds=600, iterations=iterations, workers=1, pieces=size)


def test_a_day_by_pieces_is_valid_as_a_whole_and_tells_what_it_does() -> None:
    found, told = district(2, tasks=90, shifts=24), []
    plan = by_pieces(
        found, Clock(600), size=30, seed=1, iterations=30, progress=lambda text, _seconds: told.append(text)
    )
    assert check(found, plan) == []
    assert len(served(plan)) + len(plan.unassigned) == 90
    assert all(entry.reasons for entry in plan.unassigned)
    assert told[0] == "cut into 4 pieces"  # of 30 at most, and an elder's visits stay together
    assert [line.split(":")[0] for line in told if "border" in line] == ["border round 1", "border round 2"]


@given(st.integers(0, 10_000), st.integers(4, 16), st.integers(2, 6), st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_any_small_day_by_pieces_is_valid(seed: int, tasks: int, shifts: int, size: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    plan = solve(found, seed=seed, time_limit_seconds=60, iterations=3, pieces=size)  # raises if the checker objects
    assert len(served(plan)) + len(plan.unassigned) == tasks


@given(st.integers(0, 10_000), st.integers(4, 16), st.integers(2, 6), st.integers(2, 6), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_an_opened_part_of_a_valid_plan_is_a_valid_plan_of_its_own(
    seed: int, tasks: int, shifts: int, size: int, number: int
) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    plan = solve(found, seed=seed, time_limit_seconds=60, iterations=3)
    day = Day(found, {route.shift: route for route in plan.routes})
    for piece in recut(day, Ground(found), size=size, number=number):
        opening = day.open(piece)
        assert check(opening.problem, opening.plan) == []
        shifts_inside = {held.id for held in opening.problem.shifts}
        back = {route.shift: route.stops for route in opening.routes(opening.plan)}
        assert back == {route.shift: route.stops for route in plan.routes if route.shift in shifts_inside}


def test_a_crew_with_a_member_outside_stays_where_it_is() -> None:
    found = problem(shift("a"), shift("b"), visit("two", "p2", crew=2), visit("one", "p3"))
    plan = planned(found)
    day = Day(found, {route.shift: route for route in plan.routes})
    opening = day.open(Piece(frozenset({"two"}), frozenset({"b"})))
    (visit_inside,) = (each for each in opening.problem.visits if each.id == "two")
    assert len(visit_inside.crew) == 1
    (pin,) = (pin for pin in opening.problem.pins if pin.stop.id == "two")
    member = opening.members["two", 0]
    assert (pin.shift, pin.hold, pin.start_seconds) == ("b", "both", plan.starts()["visit", "two", member][1])


def test_what_is_bound_to_a_visit_outside_stays_where_it_is() -> None:
    found = problem(
        shift("a"), shift("b"), visit("x", "p2"), visit("y", "p3"),
        relations=(Relation("different_caregiver", ("x", "y")),),
    )  # fmt: skip
    plan = planned(found)
    day = Day(found, {route.shift: route for route in plan.routes})
    opening = day.open(Piece(frozenset(), frozenset({"a"})))
    assert [pin.hold for pin in opening.problem.pins] == ["both"]
    assert opening.problem.relations == ()


@pytest.mark.parametrize("weights", [Objective(), Objective(unfair_second=2, max_late_second=3)])
def test_no_border_round_makes_the_day_dearer(weights: Objective) -> None:
    found = replace(spiced(2, tasks=60, shifts=20), objective=weights)
    costs: list[int] = []

    class Watched(Planner):
        def _open(self, until: float, *, last: bool) -> None:
            costs.append(merged(self.problem, self.routes).cost["total"])
            super()._open(until, last=last)

    clock = Clock(600)
    planner = Watched(
        found, clock, OwnHands(), size=12, seed=1, iterations=20, until=clock.deadline, workers=1,
        tell=lambda _text, _seconds: None, stop=lambda: False,
    )  # fmt: skip
    planner.solve_pieces()
    planner.open_borders()
    costs.append(merged(found, planner.routes).cost["total"])
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]


def test_a_day_with_measured_travel_gives_the_plan_of_its_model() -> None:
    found = district(6, tasks=60, shifts=16)
    measured = {
        mode: Dense(*(tuple(map(tuple, np.asarray(rows).tolist())) for rows in (table.seconds, table.metres)))
        for mode, table in tables(found).items()
    }
    one, two = (pieced(day, size=20) for day in (found, replace(found, travel=measured)))
    assert one.routes == two.routes


def test_a_wish_to_stop_gives_what_has_been_merged_by_then() -> None:
    found = district(7, tasks=60, shifts=16)
    told: list[str] = []
    plan = by_pieces(
        found, Clock(600), size=20, seed=1, iterations=10, progress=lambda text, _seconds: told.append(text),
        stop=lambda: any(line.startswith("piece 1 ") for line in told),
    )  # fmt: skip
    assert check(found, plan) == []
    assert 0 < len(served(plan)) <= 20
    assert not any(line.startswith("piece 2 ") for line in told)


def test_figures_of_the_day_as_it_stands_are_told_and_get_better() -> None:
    found, heard = district(7, tasks=60, shifts=16), list[tuple[float, int, int]]()
    clock = Clock(600, count(0.0, 2.0).__next__)  # every look at it takes two seconds
    plan = by_pieces(found, clock, size=20, seed=1, iterations=10, told=lambda *told: heard.append(told))
    costs = [cost for _, cost, _ in heard]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == plan.cost["total"]
    assert len(heard) > 3


def test_pieces_are_limited_by_the_clock_they_are_given() -> None:
    found = district(7, tasks=60, shifts=16)
    clock = Clock(1_000_000, count(0.0, 1000.0).__next__)  # a limit of eleven days, used up in a thousand looks
    plan = by_pieces(found, clock, size=20, seed=1)
    assert check(found, plan) == []
    assert plan.iterations > 0


def test_only_the_last_round_inserts_exactly_and_for_no_longer_than_a_days_rest() -> None:
    found, asked = district(7, tasks=60, shifts=16), list[tuple[float, Task]]()

    class Busy(OwnHands):
        def answers(self, tasks: Iterable[Task], stop: Stop) -> Iterator[Answer]:
            assert not stop()
            for task in tasks:
                asked.append((clock.spent, task))
                yield Answer(task.number, None)

    clock = Clock(4.0, count(0.0, 0.02).__next__)  # every look at it takes a fiftieth of a second
    planner = Planner(
        found, clock, Busy(), size=20, seed=1, iterations=None, until=clock.deadline, workers=1,
        tell=lambda _text, _seconds: None, stop=lambda: False,
    )  # fmt: skip
    planner.solve_pieces()
    planner.open_borders()
    begins = [rank for rank, (_, task) in enumerate(asked) if task.number == 0]  # of the pieces, then of each round
    assert len(begins) > 3
    assert {task.inserting_seconds for _, task in asked[: begins[2]]} == {LEAST_SECONDS}
    assert max(task.inserting_seconds for _, task in asked) > LEAST_SECONDS
    for now, task in asked:
        assert task.inserting_seconds <= max(LEAST_SECONDS, clock.deadline - now + 0.1)  # the clock was looked at since


def test_time_of_one_process_does_not_limit_several() -> None:
    with pytest.raises(ValueError, match="time of this process"):
        by_pieces(district(7, tasks=6, shifts=2), Clock(9, time.process_time), size=3, seed=1, workers=2)


def test_a_piece_is_stopped_amid_its_search() -> None:
    found, asked = district(7, tasks=60, shifts=16), count()
    plan = by_pieces(found, Clock(3000), size=20, seed=1, stop=lambda: next(asked) > 20)
    assert check(found, plan) == []
    assert 0 < len(served(plan)) <= 20
    assert plan.iterations > 0


def test_improving_by_pieces_starts_from_the_given_plan() -> None:
    found = district(8, tasks=60, shifts=16)
    first = solve(found, seed=1, time_limit_seconds=60, iterations=3)
    clock = Clock(600)
    better = by_pieces(found, clock, size=20, seed=1, iterations=20, given=first)
    assert check(found, better) == []
    assert better.cost["total"] <= first.cost["total"]
