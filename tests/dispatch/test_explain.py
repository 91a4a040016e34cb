"""Each reason is given when it holds, and the nearest change is one that works."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch import Plan, Problem, check, explain, solve
from dispatch.plan import Unassigned
from dispatch.shifts import Break
from dispatch.tasks import Halt, Member, Pin, StopRef
from tests.dispatch.builders import HOUR, MINUTE, meal, minutes, problem, shift, start_of, visit


def planned(found: Problem) -> Plan:
    return solve(found, seed=1, time_limit_seconds=3, iterations=6)


def codes(found: Problem, task: str = "v1") -> list[str]:
    entry = next(entry for entry in planned(found).unassigned if entry.id == task)
    return [reason.code for reason in entry.reasons]


def test_a_skill_nobody_has() -> None:
    assert codes(problem(visit(crew=(Member(600, frozenset({"medical"})),)))) == ["skill"]


def test_every_able_caregiver_excluded() -> None:
    assert codes(problem(visit(excluded=frozenset({"c-s1"})))) == ["excluded"]


def test_a_load_above_any_capacity() -> None:
    assert codes(problem(meal(load={"boxes": 11})), "d1") == ["capacity"]


def test_nobody_on_duty_in_the_window() -> None:
    assert codes(problem(shift(window=minutes(0, 100)), visit(windows=(minutes(200, 220),)))) == ["no_shift"]


def test_too_far_to_be_there_in_time() -> None:
    assert codes(problem(visit(place="p10", windows=(minutes(0, 9),)))) == ["distance"]


def test_a_ride_longer_than_it_may_be() -> None:
    assert codes(problem(meal(pickup="p1", dropoff="p9", max_ride_seconds=7 * MINUTE)), "d1") == ["distance"]


def test_service_longer_than_any_shift() -> None:
    assert codes(problem(shift(window=minutes(0, 60)), visit(crew=(Member(HOUR),)))) == ["window"]


def test_too_few_caregivers_for_a_crew() -> None:
    assert codes(problem(visit(crew=2))) == ["crew"]


def test_a_pin_that_asks_for_what_cannot_be() -> None:
    pin = Pin("s1", StopRef("visit", "v1"), "both", 30)
    assert codes(problem(visit(place="p1"), pins=(pin,))) == ["pin", "mandatory"]


def test_a_mandatory_task_says_so() -> None:
    assert codes(problem(visit(mandatory=True, excluded=frozenset({"c-s1"})))) == ["excluded", "mandatory"]


def test_a_busy_window_is_named_and_the_nearest_change_is_thirty_minutes() -> None:
    busy = visit("busy", windows=(minutes(60, 60),), crew=(Member(30 * MINUTE),), mandatory=True)
    late = visit("v1", windows=(minutes(60, 75),))
    found = problem(busy, late)
    (entry,) = planned(found).unassigned
    assert [reason.code for reason in entry.reasons] == ["window", "priority_lost"]
    assert entry.nearest_change is not None
    # 15 minutes later ends at 90, just when she is free
    assert (entry.nearest_change["shift_seconds"], entry.nearest_change["start"]) == (900, 90 * MINUTE)
    moved = replace(found, visits=(busy, replace(late, windows=(minutes(75, 90),))))
    assert start_of(planned(moved), "v1") == 90 * MINUTE


def test_no_room_left_for_the_load() -> None:
    full = [meal(f"d{k}", "p1", "p9", load={"boxes": 5}, ready=(minutes(5, 5),), due=(minutes(14, 40),),
                 mandatory=True) for k in (1, 2)]  # fmt: skip
    small = meal("small", "p1", "p9", ready=(minutes(5, 15),), due=(minutes(14, 18),))
    found = problem(*[replace(box, pickup=Halt("p1", (minutes(5, 15),), 0)) for box in full], small)
    assert codes(found, "small") == ["capacity", "window", "priority_lost"]


def test_one_caregiver_could_come_but_not_two() -> None:
    busy = visit("busy", windows=(minutes(60, 60),), crew=(Member(30 * MINUTE),), mandatory=True)
    pair = visit("v1", windows=(minutes(60, 75),), crew=2)
    assert "crew" in codes(problem(shift("a"), shift("b"), busy, pair))


def test_a_full_day_loses_the_lower_priority() -> None:
    day = shift(window=minutes(0, 60), breaks=(Break("tea", minutes(0, 60), 60),))
    long = visit("long", "p1", crew=(Member(50 * MINUTE),), priority=90)
    assert codes(problem(day, long, visit("v1", priority=10))) == ["priority_lost"]


def test_a_plan_that_could_take_the_task_says_so() -> None:
    found = problem(visit("a"), visit("b"))
    full = planned(found)
    route = planned(replace(found, visits=found.visits[:1]))
    lazy = replace(route, unassigned=(Unassigned("b"),), cost={}, status="feasible")
    assert full.unassigned == ()
    assert check(found, lazy) == []
    assert [reason.code for reason in explain(found, lazy)[0].reasons] == ["insertable"]


@pytest.mark.parametrize("late", [0, 900])
def test_reasons_are_the_same_whoever_asks(late: int) -> None:
    found = problem(visit("a", windows=(minutes(60, 60),)), visit("b", windows=(minutes(60, 60 + late // 900),)))
    plan = planned(found)
    assert tuple(explain(found, plan)) == plan.unassigned


def test_what_there_was_no_time_for_is_said_to_be_unexamined() -> None:
    found = problem(visit("v1", crew=(Member(600, frozenset({"medical"})),), mandatory=True))
    plan = planned(found)
    (entry,) = explain(found, plan, seconds=0.0)
    assert [reason.code for reason in entry.reasons] == ["unexamined", "mandatory"]
