"""What binds stops across routes and days, one rule a test, with a number worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.objective import Objective
from dispatch.shifts import Aboard
from dispatch.tasks import Halt, Member, Pin, Relation, StopRef
from tests.dispatch.builders import (
    HOUR,
    MINUTE,
    meal,
    minutes,
    order_of,
    planned,
    problem,
    served,
    shift,
    shift_of,
    start_of,
    visit,
)  # fmt: skip


def test_two_caregivers_of_a_crew_start_at_the_same_moment() -> None:
    plan = planned(problem(shift("a"), shift("b", start="p9"), visit(place="p1", crew=2)))
    assert start_of(plan, "v1", member=0) == start_of(plan, "v1", member=1) == 8 * MINUTE
    assert {shift_of(plan, "v1", member=k) for k in (0, 1)} == {"a", "b"}


def test_a_crew_is_served_whole_or_not_at_all() -> None:
    plan = planned(problem(shift("a"), visit(crew=2)))
    assert served(plan) == set()


def test_two_shifts_of_one_caregiver_are_no_crew() -> None:
    halves = (
        shift("a", caregiver="c", window=minutes(0, 300)),
        shift("b", caregiver="c", window=minutes(300, 600)),
    )
    assert served(planned(problem(*halves, visit(crew=2, stagger=(0, 10 * HOUR))))) == set()


def test_a_staggered_second_member_starts_within_the_range() -> None:
    plan = planned(problem(shift("a"), shift("b"), visit(crew=2, stagger=minutes(20, 30))))
    apart = start_of(plan, "v1", member=1) - start_of(plan, "v1", member=0)
    assert apart == 20 * MINUTE


def test_two_crews_of_the_same_pair_do_not_wait_in_a_circle() -> None:
    crews = [visit(f"v{k}", f"p{k}", crew=2) for k in (1, 3, 5)]
    plan = planned(problem(shift("a"), shift("b", start="p6", end="p6"), *crews))
    assert served(plan) == {"v1", "v3", "v5"}


def test_when_not_all_fit_the_higher_priorities_are_served() -> None:
    asked = [visit(f"v{k}", "p1", windows=(minutes(1, 1),), priority=k) for k in (10, 90, 50)]
    assert served(planned(problem(*asked))) == {"v90"}


def test_a_mandatory_visit_comes_before_any_priority() -> None:
    asked = [visit("must", windows=(minutes(1, 1),), priority=1, mandatory=True),
             visit("high", windows=(minutes(1, 1),), priority=100)]  # fmt: skip
    plan = planned(problem(*asked))
    assert served(plan) == {"must"}
    assert plan.status == "feasible"


def test_a_mandatory_visit_that_cannot_be_served_makes_the_plan_infeasible() -> None:
    plan = planned(problem(visit("far", "p10", windows=(minutes(0, 5),), mandatory=True), visit("near")))
    assert plan.status == "infeasible"
    assert served(plan) == {"near"}
    assert plan.cost["mandatory_unserved"] == 10**12


def test_related_visits_have_the_same_caregiver() -> None:
    found = problem(
        shift("a", start="p1", end="p1"), shift("b", start="p9", end="p9"),
        visit("one", "p1"), visit("two", "p9"),
        relations=(Relation("same_caregiver", ("one", "two")),),
    )  # fmt: skip
    plan = planned(found)
    assert shift_of(plan, "one") == shift_of(plan, "two")


def test_related_visits_have_different_caregivers() -> None:
    found = problem(
        shift("a"), shift("b", start="p9", end="p9"), visit("one", "p1"), visit("two", "p1"),
        relations=(Relation("different_caregiver", ("one", "two")),),
    )  # fmt: skip
    plan = planned(found)
    assert shift_of(plan, "one") != shift_of(plan, "two")


def test_a_sequence_keeps_its_gap_across_caregivers() -> None:
    found = problem(
        shift("a"), shift("b"),
        visit("pill", "p1", windows=(minutes(5, 30),)), visit("meal", "p1"),
        relations=(Relation("sequence", ("pill", "meal"), minutes(30, 45)),),
    )  # fmt: skip
    plan = planned(found)
    gap = start_of(plan, "meal") - (start_of(plan, "pill") + 10 * MINUTE)
    assert 30 * MINUTE <= gap <= 45 * MINUTE


def test_visits_of_one_elder_do_not_overlap() -> None:
    twice = [visit(f"v{k}", "p1", elder="e", windows=(minutes(1, 11),)) for k in (1, 2)]
    plan = planned(problem(shift("a"), shift("b"), *twice))
    assert sorted((start_of(plan, "v1"), start_of(plan, "v2"))) == [1 * MINUTE, 11 * MINUTE]


def test_a_delivery_may_overlap_a_visit_of_the_same_elder() -> None:
    bath = visit("bath", "p3", elder="e", windows=(minutes(10, 10),), crew=(Member(HOUR),))
    box = meal("box", "p1", "p3", elder="e", due=(minutes(10, 20),))
    plan = planned(problem(shift("a"), shift("b"), bath, box))
    assert served(plan) == {"bath", "box"}


def test_what_is_aboard_is_dropped_off_by_its_shift_within_the_ride() -> None:
    carried = meal("box", "p1", "p9", max_ride_seconds=20 * MINUTE)
    near = shift("near", start="p9", end="p9")
    late = problem(near, shift("has", aboard=(Aboard("box", 0),)), carried)
    plan = planned(late)
    assert shift_of(plan, "box", "dropoff") == "has"
    assert ("pickup", "box", 0) not in plan.starts()
    refused = planned(replace(late, deliveries=(replace(carried, max_ride_seconds=8 * MINUTE),)))
    assert refused.status == "infeasible"  # nine minutes of way


@pytest.mark.parametrize("hold", ["caregiver", "both"])
def test_a_pin_on_the_caregiver_holds(hold: str) -> None:
    start = 40 * MINUTE if hold == "both" else None
    pin = Pin("far", StopRef("visit", "v1"), hold, start)  # type: ignore[arg-type]
    plan = planned(problem(shift("near"), shift("far", start="p9", end="p9"), visit(), pins=(pin,)))
    assert shift_of(plan, "v1") == "far"
    assert start_of(plan, "v1") == (40 * MINUTE if start else 8 * MINUTE)


def test_a_pinned_time_holds_for_any_caregiver_and_overrides_the_window() -> None:
    pin = Pin("s1", StopRef("visit", "v1"), "time", 100 * MINUTE)
    plan = planned(problem(visit(windows=(minutes(10, 20),)), pins=(pin,)))
    assert start_of(plan, "v1") == 100 * MINUTE


def test_a_pinned_prefix_begins_the_route_in_its_order() -> None:
    stops = [visit("far", "p9"), visit("near", "p1"), visit("middle", "p5")]
    pins = tuple(Pin("s1", StopRef("visit", name), "prefix") for name in ("far", "near"))
    assert order_of(planned(problem(*stops, pins=pins))) == ["far", "near", "middle"]


def test_moving_a_published_stop_is_dearer_than_a_small_detour() -> None:
    found = problem(shift("a"), shift("b", start="p1", end="p1"), visit())
    before = planned(problem(shift("a"), visit()))
    kept = planned(replace(found, baseline=before))
    moved = planned(replace(found, baseline=before, objective=Objective(moved_stop=100)))
    assert shift_of(kept, "v1") == "a"  # 120 s of travel against 600
    assert shift_of(moved, "v1") == "b"
    assert moved.cost["moved_stop"] == 100


def test_waiting_costs_its_weight() -> None:
    early = visit("early", "p1", windows=(minutes(1, 1),))
    late = visit("late", "p1", windows=(minutes(31, 31),))
    plan = planned(problem(early, late, objective=Objective(wait_second=5)))
    assert plan.cost["wait_second"] == 5 * 20 * MINUTE


def test_an_unused_shift_costs_nothing_and_a_used_one_its_price() -> None:
    plan = planned(problem(shift("a"), shift("b"), visit(), objective=Objective(shift_used=777)))
    assert plan.cost["shift_used"] == 777


def test_a_shift_may_scale_the_weights() -> None:
    plan = planned(problem(shift(cost={"travel_second": 2.5}), visit(place="p2")))
    assert plan.cost["travel_second"] == round(2.5 * 240)


def test_unfairness_is_work_above_the_share() -> None:
    plan = planned(problem(shift("a"), shift("b"), visit(), objective=Objective(unfair_second=1)))
    assert plan.cost["unfair_second"] == 6 * MINUTE  # 12 minutes of work, half of it the share


def test_a_day_without_shifts_leaves_everything_out() -> None:
    found = replace(problem(visit()), shifts=())
    assert [entry.reasons[0].code for entry in planned(found).unassigned] == ["no_shift"]


def test_a_day_without_tasks_is_an_empty_plan() -> None:
    assert planned(problem()).routes == ()


def test_a_pickup_window_is_hard_even_when_the_delivery_may_be_late() -> None:
    box = replace(meal(late_second=1), pickup=Halt("p1", (minutes(0, 0),), 60))
    assert served(planned(problem(box))) == set()


def test_of_two_stops_that_must_both_come_first_one_is_left_out() -> None:
    aboard = shift("s1", aboard=(Aboard("ride", 0),))
    ride = meal("ride", "p1", "p3", direct=True, load={})
    pinned = (Pin("s1", StopRef("visit", "v1"), "prefix"),)
    plan = planned(problem(aboard, ride, visit(), pins=pinned))  # the checker passes it
    assert plan.status == "infeasible"
    assert len(served(plan)) == 1
