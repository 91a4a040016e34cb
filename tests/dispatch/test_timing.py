"""Exact timing: the same stops in the same order, started when it costs least. All numbers are worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.exact.timing import timed
from dispatch.objective import Objective
from dispatch.plan import Plan, Route, Stop
from dispatch.problem import Problem
from dispatch.tasks import Pin, Relation, StopRef
from tests.dispatch.builders import MINUTE, earliest, lunch, meal, minutes, plan_of, problem, shift, start_of, visit


def before_and_after(found: Problem, *orders: list[str]) -> tuple[Plan, Plan]:
    """The plans of the earliest timing and of the exact one; both pass the checker."""
    schedule = earliest(found, *orders)
    return plan_of(schedule), plan_of(timed(schedule, seconds=60, seed=1))


def published(stops: dict[str, int], name: str = "s1") -> Plan:
    """A plan of before, of which only these visits' starts in minutes matter."""
    made = tuple(Stop("visit", id_, start * MINUTE, start * MINUTE, start * MINUTE) for id_, start in stops.items())
    return Plan("feasible", (Route(name, made),))


def test_leaving_later_saves_overtime() -> None:
    found = problem(
        shift(overtime_after_seconds=60 * MINUTE),
        shift("s2"),
        visit("early", windows=(minutes(0, 300),), crew=2),
        visit("late", windows=(minutes(120, 130),)),
    )
    plain, exact = before_and_after(found, ["early", "late"], ["early"])
    assert plain.cost["overtime_second"] == 2 * 71 * MINUTE  # from 0 to 131 on duty, the crew holding her to the start
    assert exact.cost["overtime_second"] == 0
    assert start_of(exact, "early") >= 72 * MINUTE  # back at 131 or later, so away from 71 at the earliest


def test_starting_later_keeps_the_published_start() -> None:
    found = problem(visit("x"), visit("y"), baseline=published({"x": 50, "y": 90}), objective=Objective(moved_second=1))
    plain, exact = before_and_after(found, ["x", "y"])
    assert plain.cost["moved_second"] == (49 + 79) * MINUTE  # x at 1, y at 11
    assert (start_of(exact, "x"), start_of(exact, "y")) == (50 * MINUTE, 90 * MINUTE)
    assert exact.cost["moved_second"] == 0


def test_what_cannot_keep_both_published_starts_moves_the_fewest_seconds() -> None:
    found = problem(visit("x"), visit("y"), baseline=published({"x": 50, "y": 55}), objective=Objective(moved_second=1))
    _, exact = before_and_after(found, ["x", "y"])
    assert exact.cost["moved_second"] == 5 * MINUTE  # ten minutes apart instead of five


def test_waiting_moves_to_before_the_first_stop() -> None:
    found = problem(
        visit("x", windows=(minutes(0, 300),)),
        visit("y", windows=(minutes(120, 130),)),
        objective=Objective(wait_second=1),
    )
    plain, exact = before_and_after(found, ["x", "y"])
    assert plain.cost["wait_second"] == 109 * MINUTE  # done with x at 11
    assert exact.cost["wait_second"] == 0
    assert 110 * MINUTE <= start_of(exact, "x") <= 120 * MINUTE


def test_waiting_is_weighed_against_lateness() -> None:
    found = problem(
        visit("x", windows=(minutes(0, 30),), late_second=1),
        visit("y", windows=(minutes(60, 130),)),
        objective=Objective(wait_second=3),
    )
    _, exact = before_and_after(found, ["x", "y"])
    assert start_of(exact, "x") == 50 * MINUTE  # a second late costs 1, a second of waiting 3
    assert (exact.cost["late_second"], exact.cost["wait_second"]) == (20 * MINUTE, 0)


@pytest.mark.parametrize("weight", [0, 5])
def test_lateness_that_earliest_starts_already_make_least_is_left_alone(weight: int) -> None:
    soft = (visit("x", windows=(minutes(0, 1),), late_second=1), visit("y", windows=(minutes(0, 5),), late_second=1))
    found = problem(*soft, objective=Objective(max_late_second=weight))
    schedule = earliest(found, ["x", "y"])
    assert timed(schedule, seconds=60, seed=1) is schedule
    assert plan_of(schedule).cost["max_late_second"] == weight * 6 * MINUTE  # y at 11 instead of 5


def test_the_greatest_lateness_bounds_how_late_all_others_may_be() -> None:
    found = problem(
        visit("x", windows=(minutes(0, 30),), late_second=1),
        visit("y", windows=(minutes(60, 130),)),
        objective=Objective(wait_second=3, max_late_second=3),
    )
    _, exact = before_and_after(found, ["x", "y"])
    assert start_of(exact, "x") == 30 * MINUTE  # a second late costs 1 + 3, a second of waiting 3
    assert (exact.cost["max_late_second"], exact.cost["wait_second"]) == (0, 3 * 20 * MINUTE)


def test_a_later_start_of_one_evens_out_the_work() -> None:
    found = problem(
        shift("a"), shift("b"),
        visit("x", windows=(minutes(0, 300),)),
        visit("y", windows=(minutes(120, 130),)),
        visit("z"),
        objective=Objective(unfair_second=1),
    )  # fmt: skip
    plain, exact = before_and_after(found, ["x", "y"], ["z"])
    assert plain.cost["unfair_second"] == (131 - 71.5) * MINUTE  # 131 and 12 minutes of work, half of 143 each
    assert exact.cost["unfair_second"] == (22 - 17) * MINUTE  # 22 and 12: x right before y


def test_a_crew_waits_for_no_member_longer_than_it_must() -> None:
    found = problem(
        shift("a"), shift("b"),
        visit("x"), visit("both", crew=2, windows=(minutes(100, 200),)), visit("y"),
        objective=Objective(wait_second=1),
    )  # fmt: skip
    plain, exact = before_and_after(found, ["x", "both"], ["y", "both"])
    assert plain.cost["wait_second"] == 2 * 89 * MINUTE
    assert exact.cost["wait_second"] == 0
    assert start_of(exact, "both") == start_of(exact, "both", member=1)
    assert start_of(exact, "x") == start_of(exact, "y") == start_of(exact, "both") - 10 * MINUTE


def test_a_crews_stagger_bounds_what_its_published_starts_may_keep() -> None:
    found = problem(
        shift("a"), shift("b"),
        visit("both", crew=2, stagger=minutes(0, 15)),
        baseline=Plan("feasible", (
            Route("a", (Stop("visit", "both", 0, 30 * MINUTE, 0),)),
            Route("b", (Stop("visit", "both", 0, 60 * MINUTE, 0, member=1),)),
        )),
        objective=Objective(moved_second=1),
    )  # fmt: skip
    _, exact = before_and_after(found, ["both"], ["both"])
    assert start_of(exact, "both", member=1) - start_of(exact, "both") == 15 * MINUTE
    assert exact.cost["moved_second"] == 15 * MINUTE  # half an hour apart before


def test_a_break_swallows_the_waiting_after_it() -> None:
    found = problem(
        shift(breaks=(lunch(20, 180, 30),)),
        visit("x", windows=(minutes(1, 1),)),
        visit("y", windows=(minutes(120, 130),)),
        objective=Objective(wait_second=1),
    )
    plain, exact = before_and_after(found, ["x", "lunch", "y"])
    assert plain.cost["wait_second"] == 70 * MINUTE  # at lunch from 20 to 50
    assert exact.cost["wait_second"] == 0
    assert next(stop for stop in exact.routes[0].stops if stop.kind == "break").start == 90 * MINUTE


def test_breaks_in_between_are_no_overtime_and_keep_their_window() -> None:
    found = problem(
        shift(breaks=(lunch(60, 70, 30),), overtime_after_seconds=60 * MINUTE),
        visit("x", windows=(minutes(1, 70),)),
        visit("y", windows=(minutes(130, 140),)),
        shift("s2"), visit("both", crew=2, windows=(minutes(0, 70),)),
    )  # fmt: skip
    plain, exact = before_and_after(found, ["both", "x", "lunch", "y"], ["both"])
    assert plain.cost["overtime_second"] == 2 * 51 * MINUTE  # 0 to 141 less 30
    assert start_of(exact, "both") == 50 * MINUTE  # x from 60 to 70, lunch at the last moment, from 70
    assert exact.cost["overtime_second"] == 2 * 2 * MINUTE  # 49 to 141 less 30: 62


def test_several_windows_hold_for_later_starts_too() -> None:
    found = problem(
        visit("x", windows=(minutes(0, 10), minutes(40, 45), minutes(100, 110))),
        visit("y", windows=(minutes(90, 95),)),
        objective=Objective(wait_second=1),
    )
    _, exact = before_and_after(found, ["x", "y"])
    assert start_of(exact, "x") == 45 * MINUTE
    assert exact.cost["wait_second"] == 35 * MINUTE


def test_a_ride_with_a_stop_in_between_bounds_what_is_kept() -> None:
    found = problem(
        meal("d1", "p1", "p3", max_ride_seconds=20 * MINUTE), visit("x", "p2"),
        baseline=Plan("feasible", (Route("s1", (
            Stop("pickup", "d1", 0, 20 * MINUTE, 0), Stop("visit", "x", 0, 60 * MINUTE, 0),
        )),)),
        objective=Objective(moved_second=1),
    )  # fmt: skip
    _, exact = before_and_after(found, ["d1", "x", "d1"])
    # from departure (start + 1) over x's start + 10 + 1 within 20: x starts at most 10 after the pickup, not 40
    assert exact.cost["moved_second"] == 30 * MINUTE


def test_a_sequences_gap_bounds_later_starts() -> None:
    found = problem(
        shift("a"), shift("b"), visit("x"), visit("y"),
        relations=(Relation("sequence", ("x", "y"), minutes(0, 30)),),
        baseline=Plan("feasible", (
            Route("a", (Stop("visit", "x", 0, 100 * MINUTE, 0),)),
            Route("b", (Stop("visit", "y", 0, 200 * MINUTE, 0),)),
        )),
        objective=Objective(moved_second=1),
    )  # fmt: skip
    _, exact = before_and_after(found, ["x"], ["y"])
    assert start_of(exact, "y") - start_of(exact, "x") == 40 * MINUTE
    assert exact.cost["moved_second"] == 60 * MINUTE


def test_an_elders_visits_keep_their_order_and_do_not_overlap() -> None:
    found = problem(
        shift("a"), shift("b"), visit("x", elder="li"), visit("y", elder="li", windows=(minutes(11, 300),)),
        baseline=Plan("feasible", (
            Route("a", (Stop("visit", "x", 0, 100 * MINUTE, 0),)),
            Route("b", (Stop("visit", "y", 0, 100 * MINUTE, 0),)),
        )),
        objective=Objective(moved_second=1),
    )  # fmt: skip
    _, exact = before_and_after(found, ["x"], ["y"])
    assert start_of(exact, "y") - start_of(exact, "x") == 10 * MINUTE
    assert exact.cost["moved_second"] == 10 * MINUTE


def test_work_stays_within_its_limit_when_starts_are_kept() -> None:
    found = problem(
        shift(max_work_seconds=60 * MINUTE), visit("x"), visit("y"),
        baseline=published({"x": 50, "y": 200}), objective=Objective(moved_second=1),
    )  # fmt: skip
    _, exact = before_and_after(found, ["x", "y"])
    assert exact.routes[0].work_seconds == 60 * MINUTE  # so y starts 48 after x
    assert exact.cost["moved_second"] == (150 - 48) * MINUTE


def test_a_pinned_time_stays() -> None:
    pin = Pin("s1", StopRef("visit", "x"), "both", 20 * MINUTE)
    found = problem(
        visit("x"), visit("y"), pins=(pin,), baseline=published({"x": 50, "y": 90}), objective=Objective(moved_second=1)
    )
    _, exact = before_and_after(found, ["x", "y"])
    assert (start_of(exact, "x"), start_of(exact, "y")) == (20 * MINUTE, 90 * MINUTE)


def test_factors_of_a_shift_weigh_with_their_fractions() -> None:
    found = problem(
        shift(cost={"wait_second": 0.4}),
        visit("x", windows=(minutes(0, 30),), late_second=1),
        visit("y", windows=(minutes(60, 130),)),
        objective=Objective(wait_second=2),
    )
    _, exact = before_and_after(found, ["x", "y"])
    assert start_of(exact, "x") == 30 * MINUTE  # a second late costs 1, one of waiting 0.8
    assert exact.cost["wait_second"] == 0.8 * 20 * MINUTE


def test_what_does_not_depend_on_time_is_given_back_at_once() -> None:
    schedule = earliest(problem(visit("x"), visit("y", windows=(minutes(60, 70),))), ["x", "y"])
    assert timed(schedule, seconds=60, seed=1) is schedule


@pytest.mark.parametrize("limits", [{"seconds": 0.0}, {"seconds": -1.0}, {"seconds": 60.0, "work": 0.0}])
def test_without_time_the_schedule_is_given_back(limits: dict[str, Any]) -> None:
    found = problem(
        visit("x", windows=(minutes(0, 300),)),
        visit("y", windows=(minutes(120, 130),)),
        objective=Objective(wait_second=1),
    )
    schedule = earliest(found, ["x", "y"])
    assert timed(schedule, **limits, seed=1) is schedule


def test_weights_beyond_what_the_solver_can_count_leave_the_schedule_as_it_is() -> None:
    found = problem(
        visit("x", windows=(minutes(0, 1),), late_second=10**6),
        visit("y", windows=(minutes(120, 130),), late_second=10**6),
        objective=Objective(late_second=10**8, wait_second=10**8),
    )
    schedule = earliest(found, ["x", "y"])
    assert timed(schedule, seconds=60, seed=1) is schedule
