"""Running late: the delay is carried on, what it breaks is named, and the first of it can be served elsewhere."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch import ChangeRefused, LivePlan, UnknownStop, check
from dispatch.plan import Plan
from dispatch.shifts import Aboard, Break
from tests.dispatch.builders import MINUTE, meal, minutes, planned, problem, served, shift, shift_of, start_of, visit
from tests.dispatch.live_days import day


def morning() -> tuple[LivePlan, Plan]:
    """x at p3 from 0:20 to 0:30, y at p6 from 0:40, z at p9 at 1:40; a second shift begins at 0:30."""
    found = problem(
        shift("s1"),
        shift("s2", window=minutes(30, 600)),
        visit("x", "p3", windows=(minutes(20, 25),)),
        visit("y", "p6", windows=(minutes(40, 50),), preferred={"c-s1": 500}),
        visit("z", "p9", windows=(minutes(100, 120),), preferred={"c-s1": 500}),
    )
    plan = planned(found)
    assert {shift_of(plan, name) for name in "xyz"} == {"s1"}
    return LivePlan(found, plan), plan


def test_waiting_swallows_a_small_delay() -> None:
    live, plan = morning()
    late = live.running_late("s1", 7 * MINUTE, now=22 * MINUTE)  # she is expected at 0:33 and waits until 0:40
    assert (late.moves, late.endangered, late.repairs) == ((), (), ())
    assert live.plan is plan


def test_a_delay_within_the_windows_moves_stops_and_endangers_none() -> None:
    live, _ = morning()
    late = live.running_late("s1", 12 * MINUTE, now=22 * MINUTE)
    assert [(move.id, move.seconds) for move in late.moves] == [("y", 5 * MINUTE)]
    assert late.endangered == ()
    plan = live.accept(late)
    assert start_of(plan, "y") == 45 * MINUTE
    assert check(live.problem, plan) == []


def test_a_missed_window_is_named_with_its_seconds_and_who_else_could_come() -> None:
    live, plan = morning()
    late = live.running_late("s1", 20 * MINUTE, now=22 * MINUTE)  # at y by 0:53
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("window", "y", 3 * MINUTE)]
    assert [place.shift for place in late.repairs[0].placements] == ["s2"]
    with pytest.raises(ChangeRefused, match="window of y is missed by 180 s"):
        live.accept(late)
    after = live.commit(late.repairs[0])
    assert (shift_of(after, "y"), shift_of(after, "z")) == ("s2", "s1")
    assert after.cost["total"] - plan.cost["total"] == late.repairs[0].cost
    assert check(live.problem, after) == []


def test_a_visit_seen_to_start_late_moves_what_follows_it() -> None:
    live, _ = morning()
    late = live.started("x", 33 * MINUTE)  # until 0:43, and at y by 0:46
    assert (late.shift, late.seconds) == ("s1", 13 * MINUTE)
    assert [(move.id, move.seconds) for move in late.moves] == [("y", 6 * MINUTE)]
    assert start_of(live.accept(late), "y") == 46 * MINUTE


def test_a_visit_seen_to_end_on_time_or_early_changes_nothing() -> None:
    live, plan = morning()
    for at in (28 * MINUTE, 30 * MINUTE):
        late = live.finished("x", at)
        assert (late.seconds, late.moves, late.endangered) == (0, (), ())
    assert live.plan is plan


def test_what_the_plan_holds_for_begun_has_not_if_she_was_elsewhere() -> None:
    live, _ = morning()
    late = live.finished("x", 52 * MINUTE)  # by the plan she is at y since 0:40, whose window has closed at 0:50
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("window", "y", 5 * MINUTE)]
    with pytest.raises(ChangeRefused, match="window of y is missed by 300 s"):
        live.accept(late)


def test_what_nobody_can_reach_in_time_any_more_is_left_out_if_that_is_wanted() -> None:
    live, _ = morning()
    late = live.finished("x", 52 * MINUTE)
    plan = live.accept(late, leave_out=True)
    assert [entry.id for entry in plan.unassigned] == ["y"]
    assert shift_of(plan, "z") == "s1"
    assert check(live.problem, plan) == []


def test_an_observation_made_again_moves_nothing_again() -> None:
    live, _ = morning()
    plan = live.accept(live.finished("x", 38 * MINUTE))
    assert start_of(plan, "y") == 41 * MINUTE
    assert live.finished("x", 38 * MINUTE).moves == ()
    assert check(live.problem, plan) == []


def test_only_stops_of_the_plan_are_seen_and_none_in_the_future() -> None:
    live, plan = morning()
    with pytest.raises(UnknownStop):
        live.started("w", 20 * MINUTE)
    with pytest.raises(ValueError, match="still to come"):
        live.started("x", 21 * MINUTE, now=20 * MINUTE)
    assert live.plan is plan


def test_a_crew_of_which_one_was_seen_to_start_stays_although_the_other_comes_after_the_window() -> None:
    pair = visit("pair", "p5", crew=2, windows=(minutes(20, 31),), stagger=(10 * MINUTE, 10 * MINUTE))
    found = problem(shift("s1"), shift("s2"), pair, visit("y", "p6", windows=(minutes(60, 90),)))
    live = LivePlan(found, planned(found))
    late = live.started("pair", 25 * MINUTE)  # the second comes at 0:35
    assert [(one.id, one.member, one.seconds) for one in late.endangered] == [("pair", 1, 4 * MINUTE)]
    assert late.repairs == ()
    assert start_of(live.accept(late, leave_out=True), "pair", member=1) == 35 * MINUTE
    assert live.problem.visits[0].windows == (minutes(20, 35),)


@pytest.mark.parametrize("now", [0, 18 * MINUTE], ids=["at home", "on the way"])
def test_who_is_late_for_her_first_stop_is_not_sent_there_as_if_she_were_not(now: int) -> None:
    found = problem(shift(), visit("x", "p3", windows=(minutes(20, 40),)))
    live = LivePlan(found, planned(found))
    late = live.running_late("s1", 30 * MINUTE, now=now)  # there by 0:50
    assert [(one.id, one.seconds) for one in late.endangered] == [("x", 10 * MINUTE)]
    assert late.repairs == ()
    assert served(live.accept(late, leave_out=True)) == set()


def test_who_is_late_for_her_first_stop_and_leaves_it_out_is_as_late_for_the_next() -> None:
    found = problem(shift(), visit("w", "p1", windows=(minutes(5, 9),)), visit("x", "p3", windows=(minutes(20, 40),)))
    live = LivePlan(found, planned(found))
    late = live.running_late("s1", 30 * MINUTE, now=0)  # leaves at 0:34 instead of 0:04
    plan = live.accept(late, leave_out=True)
    assert served(plan) == {"x"}
    assert start_of(plan, "x") == 37 * MINUTE


def test_who_is_late_has_taken_the_break_before_her_first_stop_all_the_same() -> None:
    found = problem(
        shift(breaks=(Break("tea", minutes(0, 5), 5 * MINUTE),)), visit("x", "p3", windows=(minutes(20, 60),))
    )
    live = LivePlan(found, planned(found))
    late = live.running_late("s1", 30 * MINUTE, now=0)
    assert [move.seconds for move in late.moves] == [30 * MINUTE]
    assert start_of(live.accept(late), "x") == 50 * MINUTE


def test_a_crew_waits_for_a_member_who_was_seen_to_be_late() -> None:
    found = problem(
        shift("s1"), shift("s2"), visit("x", "p2", windows=(minutes(10, 15),)),
        visit("pair", "p4", crew=2, windows=(minutes(30, 60),)),
    )  # fmt: skip
    plan = planned(found)
    live = LivePlan(found, plan)
    late = live.finished("x", 40 * MINUTE)  # by the plan both began at 0:30
    assert {(move.shift, move.after) for move in late.moves if move.id == "pair"} == {
        ("s1", 42 * MINUTE),
        ("s2", 42 * MINUTE),
    }
    live.accept(late)
    assert check(live.problem, live.plan) == []


def test_a_break_owed_after_the_route_is_in_danger() -> None:
    lunch = Break("lunch", window=minutes(30, 60), seconds=10 * MINUTE)
    found = problem(shift("s1", breaks=(lunch,)), visit("x", "p2", windows=(minutes(20, 90),)))
    live = LivePlan(found, planned(found))
    late = live.finished("x", 70 * MINUTE)  # home at 1:12
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("break", "lunch", 12 * MINUTE)]


def test_a_late_member_makes_the_whole_crew_late() -> None:
    found = problem(
        shift("s1"), shift("s2"), visit("x", "p2", windows=(minutes(10, 15),)),
        visit("pair", "p4", crew=2, windows=(minutes(30, 60),)),
    )  # fmt: skip
    plan = planned(found)
    live = LivePlan(found, plan)
    late = live.running_late(shift_of(plan, "x"), 15 * MINUTE, now=12 * MINUTE)
    assert {(move.shift, move.seconds) for move in late.moves if move.id == "pair"} == {
        ("s1", 7 * MINUTE),
        ("s2", 7 * MINUTE),
    }


def test_a_box_that_would_ride_too_long_is_in_danger() -> None:
    found = problem(
        meal("d", "p1", "p4", ready=(minutes(10, 20),), due=(minutes(14, 90),), max_ride_seconds=10 * MINUTE),
    )
    plan = planned(found)
    late = LivePlan(found, plan).running_late("s1", 30 * MINUTE, now=start_of(plan, "d", "pickup") + 60)
    assert [(one.cause, one.kind, one.id) for one in late.endangered] in ([("max_ride", "dropoff", "d")], [])
    assert late.moves


@given(st.integers(0, 10_000), st.booleans(), st.integers(8, 16), st.sampled_from([300, 1200, 3600]))
@example(seed=7917, spice=True, hour=8, seconds=1200)
@example(seed=14, spice=True, hour=8, seconds=1200)
@settings(max_examples=30, deadline=None)
def test_what_is_not_endangered_can_be_accepted_and_what_is_repaired_is_valid(
    seed: int, spice: bool, hour: int, seconds: int
) -> None:
    found, plan = day(seed, tasks=12, shifts=4, spice=spice)
    live = LivePlan(found, plan)
    try:
        seen = [stop for route in plan.routes for stop in route.stops if stop.kind == "visit"]
        if seed % 2 and seen:
            stop = seen[seed % len(seen)]
            late = live.finished(stop.id, stop.departure + seconds, member=stop.member)
        else:
            late = live.running_late(found.shifts[seed % 4].id, seconds, now=hour * 3600)
    except ChangeRefused:  # it reaches what has begun elsewhere
        assert live.plan is plan
        return
    assert live.plan is plan
    if not late.endangered:
        after = live.accept(late)
        assert check(live.problem, after) == []
        assert all(move.seconds is None or move.seconds > 0 for move in late.moves if move.kind != "break")
    elif late.repairs:
        live.commit(late.repairs[0])
        assert check(live.problem, live.plan) == []
    else:
        with suppress(ChangeRefused):  # what has begun may break the rule by itself
            live.accept(late, leave_out=True)
        assert check(live.problem, live.plan) == []


def test_what_is_left_aboard_for_a_delay_takes_the_room_of_what_is_fetched_later() -> None:
    """Room for two: one box aboard, due by 0:10, then two more. Twenty minutes late the first stays aboard."""
    first = meal("first", "p1", "p3", due=(minutes(0, 10),))
    then = meal("then", "p4", "p6", ready=(minutes(60, 90),), load={"boxes": 2})
    found = problem(shift("s1", capacity={"boxes": 2}, aboard=(Aboard("first", 0),)), first, then)
    live = LivePlan(found, planned(found))
    late = live.running_late("s1", 20 * MINUTE, now=0)
    plan = live.accept(late, leave_out=True)
    assert {entry.id for entry in plan.unassigned} == {"first", "then"}
