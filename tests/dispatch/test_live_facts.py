"""A delay is a fact, no request: what it breaks whatever is left out is named with its seconds, and taken."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import ChangeRefused, LivePlan, check
from dispatch.shifts import Break
from dispatch.tasks import Relation
from tests.dispatch.builders import MINUTE, arranged, meal, minutes, problem, served, shift, start_of, visit
from tests.dispatch.live_days import day, restful


def test_a_box_that_is_aboard_comes_late_and_is_not_given_up() -> None:
    """Fetched at 0:20 and due by 0:30 within ten minutes: after twelve minutes at x on the way she is there at 0:36."""
    found = problem(
        shift("s1"), visit("x", "p2", windows=(minutes(10, 12),)),
        meal("d", "p2", "p4", ready=(minutes(20, 22),), due=(minutes(20, 30),), max_ride_seconds=10 * MINUTE),
        visit("y", "p5", windows=(minutes(30, 60),)),
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["x", "d", "d", "y"]))
    late = live.running_late("s1", 13 * MINUTE, now=22 * MINUTE)  # she left the kitchen at 0:21 by the plan
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("window", "d", 6 * MINUTE)]
    after = live.accept(late, leave_out=True)
    assert served(after) == {"x", "d", "y"}
    assert start_of(after, "d", "dropoff") == 36 * MINUTE
    box = live.problem.deliveries[0]
    assert box.dropoff.windows == (minutes(20, 36),)
    assert box.max_ride_seconds == 10 * MINUTE  # in the plan she left at 0:21 and waits at the door from 0:23 on
    live.undo()
    assert live.problem == found


def test_a_break_missed_over_a_visit_that_lasts_is_taken_late() -> None:
    found = problem(
        shift("s1", breaks=(Break("lunch", minutes(20, 30), 10 * MINUTE),)),
        visit("x", "p5", windows=(minutes(5, 12),)), visit("y", "p5", windows=(minutes(30, 120),)),
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["x", "lunch", "y"]))
    late = live.finished("x", 35 * MINUTE)
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("break", "lunch", 5 * MINUTE)]
    after = live.accept(late, leave_out=True)
    assert start_of(after, "y") == 45 * MINUTE
    assert live.problem.shifts[0].breaks[0].window == minutes(20, 35)


def test_a_break_whose_windows_wait_swallows_the_delay_is_in_danger_though_no_stop_moves() -> None:
    """Until 1:00 she has time for all, but the break may not begin after 0:16."""
    found = problem(
        shift("s1", breaks=(Break("tea", minutes(15, 16), 10 * MINUTE),)),
        visit("x", "p5", windows=(minutes(5, 6),)), visit("y", "p5", windows=(minutes(60, 70),)),
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["x", "tea", "y"]))
    late = live.finished("x", 18 * MINUTE)
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("break", "tea", 2 * MINUTE)]


def test_a_break_owed_after_the_route_may_come_before_it_if_she_begins_so_late() -> None:
    """Home at 0:32 she would rest by 0:35. An hour late she rests from 0:30 on, before she leaves."""
    found = problem(
        shift("s1", breaks=(Break("tea", minutes(30, 35), 10 * MINUTE),)), visit("x", "p5", windows=(minutes(17, 120),))
    )
    live = LivePlan(found, arranged(found, ["x", "tea"]))
    late = live.running_late("s1", 60 * MINUTE, now=0)
    assert late.endangered == ()
    assert start_of(live.accept(late), "x") == 77 * MINUTE
    assert live.problem == found


def test_who_comes_home_after_her_hours_does_so() -> None:
    found = problem(shift("s1", window=minutes(0, 30)), visit("x", "p5", windows=(minutes(5, 12),)))
    live = LivePlan(found, arranged(found, ["x"]))
    late = live.finished("x", 40 * MINUTE)
    assert [(one.cause, one.seconds) for one in late.endangered] == [("shift_window", 15 * MINUTE)]
    live.accept(late, leave_out=True)
    assert live.problem.shifts[0].window == minutes(0, 45)


def test_work_that_grows_beyond_its_limit_is_a_fact() -> None:
    found = problem(shift("s1", max_work_seconds=25 * MINUTE), visit("x", "p5", windows=(minutes(5, 12),)))
    live = LivePlan(found, arranged(found, ["x"]))
    late = live.finished("x", 40 * MINUTE)  # at work from 0:00 to 0:45
    assert [(one.cause, one.seconds) for one in late.endangered] == [("max_work", 20 * MINUTE)]
    live.accept(late, leave_out=True)
    assert live.problem.shifts[0].max_work_seconds == 45 * MINUTE


def test_a_gap_that_grows_too_wide_is_named_and_what_comes_after_goes_elsewhere() -> None:
    """b within half an hour after a, which ends at 0:12; the second shift could come at 0:40."""
    found = problem(
        shift("s1"), shift("s2"),
        visit("a", "p2", windows=(minutes(2, 3),)), visit("x", "p3", windows=(minutes(2, 20),)),
        visit("b", "p5", windows=(minutes(20, 90),)), relations=(Relation("sequence", ("a", "b"), (0, 30 * MINUTE)),),
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["x", "b"], ["a"]))
    late = live.running_late("s1", 30 * MINUTE, now=12 * MINUTE)  # leaves x at 0:43, at b by 0:45
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("gap", "b", 3 * MINUTE)]
    live.commit(late.repairs[0])
    assert check(live.problem, live.plan) == []
    assert live.problem == found


def test_what_has_begun_before_its_turn_loses_its_sequence() -> None:
    """b began at 0:20 on the other shift; a, which it was to follow, was seen to end at 0:25 only."""
    found = problem(
        shift("s1"), shift("s2"),
        visit("a", "p2", windows=(minutes(2, 3),)), visit("b", "p5", windows=(minutes(20, 21),)),
        relations=(Relation("sequence", ("a", "b")),),
    )  # fmt: skip
    live = LivePlan(found, arranged(found, ["a"], ["b"]))
    late = live.finished("a", 25 * MINUTE)
    assert [(one.cause, one.id, one.seconds) for one in late.endangered] == [("gap", "b", 5 * MINUTE)]
    assert served(live.accept(late, leave_out=True)) == {"a", "b"}


def test_a_stagger_that_grows_too_wide_is_named() -> None:
    """The first began at 0:20; the second, due within ten minutes, is at her visit before until 0:40."""
    pair = visit("pair", "p5", crew=2, windows=(minutes(20, 60),), stagger=(5 * MINUTE, 10 * MINUTE))
    found = problem(shift("s1"), shift("s2"), pair, visit("x", "p5", windows=(minutes(5, 6),)))
    live = LivePlan(found, arranged(found, ["pair"], ["x", "pair"]))
    late = live.finished("x", 40 * MINUTE)
    assert {(one.cause, one.id, one.member, one.seconds) for one in late.endangered} <= {
        ("stagger", "pair", 1, 10 * MINUTE)
    }
    assert served(live.accept(late, leave_out=True)) == {"pair", "x"}


def test_who_is_late_at_a_kitchen_may_say_so() -> None:
    """She leaves at 0:21 by the plan, at 0:31 in truth, and rides as long as ever."""
    found = problem(
        meal("d", "p1", "p4", ready=(minutes(20, 22),), due=(minutes(20, 90),), max_ride_seconds=5 * MINUTE)
    )
    live = LivePlan(found, arranged(found, ["d", "d"]))
    late = live.finished("d", 31 * MINUTE, kind="pickup")
    assert late.endangered == ()
    assert start_of(live.accept(late), "d", "dropoff") == 34 * MINUTE


@given(st.integers(0, 10_000), st.booleans(), st.integers(8, 15), st.sampled_from([300, 1200, 3600]))
@settings(max_examples=12, deadline=None)
def test_no_delay_is_refused_and_hardly_one_cannot_be_taken(seed: int, spice: bool, hour: int, seconds: int) -> None:
    found, plan = restful(seed, spice=spice) if seed % 2 else day(seed, tasks=12, spice=spice)
    live = LivePlan(found, plan, now=hour * 3600)
    for held in found.shifts:
        late = live.running_late(held.id, seconds, now=hour * 3600)
        try:
            after = live.accept(late, leave_out=bool(late.endangered))
        except ChangeRefused:  # visits of an elder that are both under way, a break that has begun behind what is gone
            assert late.endangered
            assert live.plan == plan
            continue
        assert check(live.problem, after) == []
        live.undo()
        assert (live.problem, live.plan) == (found, plan)
        live = LivePlan(found, plan, now=hour * 3600)
