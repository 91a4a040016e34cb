"""One constraint, one test, one number worked out by hand. A step on the line takes one minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch import insert
from dispatch.places import Dense
from dispatch.shifts import Break
from dispatch.tasks import Member
from tests.dispatch.builders import (
    HOUR,
    MINUTE,
    arranged,
    lunch,
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


def test_service_waits_for_its_window_and_the_shift_leaves_just_in_time() -> None:
    plan = planned(problem(visit(place="p3", windows=(minutes(60, 90),))))
    assert start_of(plan, "v1") == 60 * MINUTE
    assert plan.routes[0].stops[0].departure == 57 * MINUTE  # three minutes of way


def test_between_two_windows_service_waits_for_the_second() -> None:
    busy = visit("long", "p1", windows=(minutes(5, 5),), crew=(Member(30 * MINUTE),))
    torn = visit("torn", "p1", windows=(minutes(0, 10), minutes(50, 60)))
    plan = planned(problem(busy, torn))
    assert start_of(plan, "torn") == 50 * MINUTE  # free at minute 35, the next window opens at 50


def test_a_soft_window_costs_its_weight_for_each_second_late() -> None:
    first = visit("first", "p1", windows=(minutes(5, 5),), crew=(Member(30 * MINUTE),), mandatory=True)
    late = visit("late", "p1", windows=(minutes(5, 20),), late_second=3)
    plan = planned(problem(first, late))
    assert start_of(plan, "late") == 35 * MINUTE
    assert plan.cost["late_second"] == 3 * 15 * MINUTE


def test_a_hard_window_that_cannot_be_met_leaves_the_visit_out() -> None:
    plan = planned(problem(visit(place="p10", windows=(minutes(0, 9),))))
    assert served(plan) == set()
    assert plan.cost["unserved"] == 100_000 * 50


def test_a_shift_is_back_before_it_ends() -> None:
    fits = problem(shift(window=minutes(0, 16)), visit(place="p3"))  # 3 + 10 + 3 minutes
    short = problem(shift(window=minutes(0, 15)), visit(place="p3"))
    assert served(planned(fits)) == {"v1"}
    assert served(planned(short)) == set()


def test_a_shift_without_an_end_stays_at_its_last_stop() -> None:
    plan = planned(problem(shift(end=None, window=minutes(0, 13)), visit(place="p3")))
    assert plan.routes[0].stops[-1].arrival == 13 * MINUTE
    assert plan.cost["travel_second"] == 3 * MINUTE


def test_a_visit_that_ends_elsewhere_is_left_from_there() -> None:
    plan = planned(problem(visit(place="p2", end="p5")))
    assert [stop.travel_seconds for stop in plan.routes[0].stops] == [0, 2 * MINUTE, 5 * MINUTE]


def test_only_a_shift_with_the_skill_comes() -> None:
    asked = visit(place="p9", crew=(Member(600, frozenset({"bath"})),))
    plan = planned(problem(shift("near", start="p9", end="p9"), shift("able", skills=frozenset({"bath"})), asked))
    assert shift_of(plan, "v1") == "able"


def test_an_excluded_caregiver_never_comes() -> None:
    plan = planned(problem(shift("a", start="p1", end="p1"), shift("b"), visit(excluded=frozenset({"c-a"}))))
    assert shift_of(plan, "v1") == "b"


def test_a_preferred_caregiver_is_worth_her_bonus_in_seconds() -> None:
    both = (shift("near", start="p1", end="p1"), shift("liked"))  # the liked one travels 2 minutes
    worth = planned(problem(*both, visit(preferred={"c-liked": 121})))
    not_worth = planned(problem(*both, visit(preferred={"c-liked": 119})))
    assert shift_of(worth, "v1") == "liked"
    assert shift_of(not_worth, "v1") == "near"
    assert not_worth.cost["unpreferred"] == 119


def test_the_mode_of_the_shift_decides_how_long_the_way_takes() -> None:
    slow = problem(shift(mode="walk"), visit(place="p3"))
    dense = slow.travel["bike"]
    assert isinstance(dense, Dense)
    walk = replace(dense, seconds=tuple(tuple(3 * cell for cell in row) for row in dense.seconds))
    plan = planned(replace(slow, travel={"walk": walk}))
    assert plan.cost["travel_second"] == 2 * 9 * MINUTE


def test_a_break_starts_in_its_window_between_two_stops() -> None:
    morning = visit("morning", "p1", windows=(minutes(100, 100),), crew=(Member(60 * MINUTE),))
    noon = visit("noon", "p1", windows=(minutes(181, 240),))
    plan = planned(problem(shift(breaks=(lunch(120, 180),)), morning, noon))
    assert order_of(plan) == ["morning", "lunch", "noon"]
    assert start_of(plan, "noon") == 190 * MINUTE  # free at 160, lunch takes 30
    assert plan.routes[0].work_seconds == 70 * MINUTE + 2 * MINUTE


def test_a_break_may_follow_the_way_when_its_window_opens_only_then() -> None:
    one = visit("one", "p1", windows=(minutes(100, 100),))  # over at 110; the way to p10 ends at 119
    two = visit("two", "p10", windows=(minutes(149, 149),))
    plan = planned(problem(shift(breaks=(lunch(119, 119),)), one, two))
    rest = plan.routes[0].stops[2]
    assert (rest.kind, rest.start, rest.travel_seconds) == ("break", 119 * MINUTE, 9 * MINUTE)


def test_a_break_outside_the_route_is_no_stop() -> None:
    plan = planned(problem(shift(breaks=(lunch(120, 180),)), visit(windows=(minutes(0, 20),))))
    assert order_of(plan) == ["v1"]


def rest(name: str, begin: int, finish: int, length: int) -> Break:
    """A break starting between two minutes of the day, for so many minutes."""
    return Break(name, minutes(begin, finish), length * MINUTE)


def test_breaks_before_a_route_are_taken_one_after_another_each_in_its_window() -> None:
    after_both = visit(windows=(minutes(60, 60),))
    tea, coffee = rest("tea", 0, 5, 30), rest("coffee", 10, 30, 10)
    assert planned(problem(shift(breaks=(coffee, tea)), after_both)).unassigned == ()  # tea until 0:30, then coffee
    short = replace(coffee, window=minutes(10, 29))
    assert [entry.id for entry in planned(problem(shift(breaks=(short, tea)), after_both)).unassigned] == ["v1"]


def test_breaks_owed_after_a_route_do_not_stand_in_the_order_of_the_document() -> None:
    breaks = (rest("noon", 90, 180, 10), rest("tea", 50, 65, 10))
    two = (visit("a", windows=(minutes(5, 10),)), visit("b", windows=(minutes(20, 30),)))
    found = problem(shift(breaks=breaks), *two)
    plan = insert(found, arranged(found, ["a", "tea", "noon"]), "b")
    assert plan is not None
    assert served(plan) == {"a", "b"}


def test_service_that_leaves_no_room_for_the_break_is_refused() -> None:
    long = visit("long", "p1", windows=(minutes(110, 110),), crew=(Member(90 * MINUTE),))
    plan = planned(problem(shift(breaks=(lunch(120, 180),)), long))
    assert served(plan) == set()  # from minute 110 to 200 she serves: no lunch before 180


def test_the_load_never_exceeds_the_capacity() -> None:
    boxes = [meal(f"d{k}", "p1", "p9", max_ride_seconds=9 * MINUTE + 180, load={"boxes": 4}) for k in range(3)]
    found = problem(shift(capacity={"boxes": 8}), *boxes)
    plan = planned(found)
    assert served(plan) == {"d0", "d1", "d2"}
    assert max(stop.load["boxes"] for stop in plan.routes[0].stops) == 8


def test_a_ride_limit_of_a_delivery_forbids_a_detour() -> None:
    box = meal(pickup="p1", dropoff="p3", max_ride_seconds=2 * MINUTE, due=(minutes(0, 60),))
    between = visit("between", "p2", windows=(minutes(0, 60),))
    plan = planned(problem(box, between, shift(window=minutes(0, 70))))
    assert order_of(plan) in (["between", "d1", "d1"], ["d1", "d1", "between"])


def test_a_direct_delivery_has_nothing_in_between() -> None:
    ride = meal(pickup="p1", dropoff="p9", direct=True)
    other = visit("other", "p5")
    order = order_of(planned(problem(ride, other)))
    assert abs(order.index("d1") - (len(order) - 1 - order[::-1].index("d1"))) == 1


def test_setup_at_a_kitchen_is_paid_once_for_several_pickups() -> None:
    boxes = [meal(f"d{k}", "p1", "p3", ready=(minutes(10, 60),), max_ride_seconds=HOUR) for k in range(3)]
    plan = planned(problem(*boxes, setup={"p1": 300}))
    assert plan.routes[0].totals["setup_seconds"] == 300
    picked = [stop for stop in plan.routes[0].stops if stop.kind == "pickup"]
    assert [stop.setup_seconds for stop in picked] == [300, 0, 0]
    assert picked[0].start - picked[0].arrival == 300


@pytest.mark.parametrize(("limit", "expected"), [(12, {"v1"}), (11, set())])
def test_work_stays_within_its_limit(limit: int, expected: set[str]) -> None:
    plan = planned(problem(shift(max_work_seconds=limit * MINUTE), visit()))  # 1 + 10 + 1 minutes
    assert served(plan) == expected


def test_a_late_start_shortens_the_work_that_waiting_would_lengthen() -> None:
    early = visit("early", "p1", windows=(minutes(0, 100),))
    late = visit("late", "p1", windows=(minutes(120, 130),))
    plan = planned(problem(shift(max_work_seconds=40 * MINUTE), early, late))
    assert plan.routes[0].work_seconds <= 40 * MINUTE
    assert start_of(plan, "early") == 92 * MINUTE  # back at 131, so leaving at 91


def test_overtime_is_priced_and_bounded() -> None:
    long = visit(crew=(Member(60 * MINUTE),))  # 62 minutes of work
    paid = planned(problem(shift(overtime_after_seconds=60 * MINUTE, max_overtime_seconds=120), long))
    assert paid.cost["overtime_second"] == 2 * 120
    refused = planned(problem(shift(overtime_after_seconds=60 * MINUTE, max_overtime_seconds=119), long))
    assert served(refused) == set()
