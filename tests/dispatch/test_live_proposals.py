"""Proposals of a live plan: what they cost, that none is cheaper, and that committing does what was said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import LivePlan, TaskRefused, UnknownTask, check
from dispatch.live.moves import moves_between
from dispatch.live.published import with_task
from dispatch.places import Place
from dispatch.tasks import Member
from tests.dispatch.builders import HOUR, MINUTE, arranged, meal, minutes, planned, problem, shift, start_of, visit
from tests.dispatch.city import district
from tests.dispatch.live_days import day, newcomer, nine_to_ten, second_opinion

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_proposal_costs_what_the_checked_plan_then_costs_more(seed: int, spice: bool) -> None:
    found, plan = day(seed, spice=spice)
    task = newcomer(found, seed)
    for rank in range(2):
        live = LivePlan(found, plan)
        proposals = live.propose(task)
        if rank < len(proposals):
            after = live.commit(proposals[rank])
            assert after.cost["total"] - plan.cost["total"] == proposals[rank].cost
            assert check(live.problem, after) == []


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_no_place_is_cheaper_than_the_first_proposal(seed: int) -> None:
    found, plan = day(seed, tasks=9, shifts=3)
    task = newcomer(found, seed)
    proposals = LivePlan(found, plan).propose(task, k=1)
    other = second_opinion(with_task(found, task, ()), replace(plan, unassigned=()), task)
    assert other is None or proposals[0].cost <= other


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_moves_told_are_the_moves_made(seed: int, spice: bool) -> None:
    found, plan = day(seed, spice=spice)
    live = LivePlan(found, plan)
    proposals = live.propose(newcomer(found, seed))
    if proposals:
        after = live.commit(proposals[-1])
        made = {move for move in moves_between(plan.routes, after.routes) if move.id != "new"}
        assert set(proposals[-1].moves) == made
        told = {(place.kind, "new", place.member): (place.shift, place.start) for place in proposals[-1].placements}
        assert {key: where for key, where in after.starts().items() if key[1] == "new"} == told


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_undo_restores_the_plan_and_everything_proposed_from_it(seed: int, spice: bool) -> None:
    found, plan = day(seed, spice=spice)
    live = LivePlan(found, plan)
    task = newcomer(found, seed)
    before = live.propose(task)
    if before:
        live.commit(before[0])
        assert live.undo() == plan
        assert live.problem == found
        assert [replace(one, version=0) for one in live.propose(task)] == before


@given(SEEDS, st.booleans())
@settings(max_examples=10, deadline=None)
def test_a_plan_kept_warm_through_changes_proposes_what_a_fresh_one_does(seed: int, spice: bool) -> None:
    found, plan = day(seed, spice=spice)
    live = LivePlan(found, plan)
    for number in range(3):
        proposals = live.propose(replace(newcomer(found, seed + number), id=f"new{number}"))
        if proposals:
            live.commit(proposals[0])
    task = newcomer(found, seed + 9)
    fresh = LivePlan(live.problem, live.plan).propose(task)
    assert [one.cost for one in live.propose(task)] == [one.cost for one in fresh]


def test_the_problem_and_the_plan_given_stay_as_they_were() -> None:
    found, plan = day(3)
    copies = (replace(found), replace(plan))
    live = LivePlan(found, plan)
    live.commit(live.propose(newcomer(found, 3))[0])
    assert (found, plan) == copies
    assert "new" not in found.tasks


def test_who_comes_home_pays_no_setup_there() -> None:
    found = problem(shift(overtime_after_seconds=12 * MINUTE, max_overtime_seconds=0), setup={"p0": MINUTE})
    (best,) = LivePlan(found, planned(found)).propose(visit())  # ten minutes a minute away
    assert (best.cost, best.overtime_seconds) == (2 * MINUTE, 0)


def test_a_load_that_boxes_of_the_day_have_but_no_shift_has_room_for_fits_nowhere() -> None:
    found = problem(meal(load={"crates": 1}))
    assert LivePlan(found, planned(found)).propose(meal("new", load={"crates": 1})) == []


def test_a_box_waits_at_its_kitchen_where_a_new_stop_on_its_way_waits_for_its_hour() -> None:
    found = problem(
        meal("box", "p1", "p3", due=(minutes(10, 300),), max_ride_seconds=20 * MINUTE),
        visit("before", "p0", windows=(minutes(0, 0),)),  # until 0:10, so that the box leaves p1 at 0:12
    )
    live = LivePlan(found, planned(found))
    best = live.propose(visit("new", "p2", windows=(minutes(60, 60),)))[0]
    assert (best.cost, best.placements[0].position) == (0, 3)  # from 1:00 to 1:10 between kitchen and door
    after = live.commit(best)
    assert start_of(after, "box", "pickup") >= 50 * MINUTE  # at the door by 1:11


def test_something_may_come_between_two_stops_that_start_at_the_same_second() -> None:
    still = (Member(0),)
    found = problem(visit("one", "p5", windows=(minutes(30, 40),), crew=still), visit("two", "p5", crew=still))
    plan = arranged(found, ["one", "two"])
    assert start_of(plan, "one") == start_of(plan, "two") == 30 * MINUTE
    proposals = LivePlan(found, plan).propose(visit("new", "p5"), k=25)
    assert {one.placements[0].position for one in proposals} == {1, 2, 3}


def test_a_visit_on_the_way_costs_no_travel_and_moves_nobody() -> None:
    live, plan = nine_to_ten()
    best = live.propose(visit("new", "p4", windows=(minutes(30, 50),)))[0]
    assert (best.cost, best.moves, best.overtime_seconds) == (0, (), 0)
    assert [(place.shift, place.position, place.start) for place in best.placements] == [("s1", 2, 31 * MINUTE)]
    assert start_of(live.commit(best), "later") == start_of(plan, "later")


def test_a_visit_that_pushes_another_says_by_how_much() -> None:
    live, _ = nine_to_ten()
    long = visit("new", "p4", windows=(minutes(50, 55),), crew=(replace(visit().crew[0], service_seconds=20 * MINUTE),))
    best = live.propose(long)[0]
    assert [(move.id, move.seconds) for move in best.moves] == [("later", 12 * MINUTE)]  # 50 + 20 + 2 instead of 60


def test_a_promised_start_is_kept_though_an_earlier_one_were_possible() -> None:
    found = problem(visit("only", "p3"))
    plan = planned(found)
    late = LivePlan(found, plan).plan.routes[0]
    assert late.stops[1].start == start_of(plan, "only")
    live = LivePlan(found, plan)
    live.commit(live.propose(visit("new", "p9", windows=(minutes(300, 360),)))[0])
    assert start_of(live.plan, "only") == start_of(plan, "only")


def test_nobody_leaves_before_now() -> None:
    live, _ = nine_to_ten()
    best = live.propose(visit("new", "p5"), now=35 * MINUTE)[0]  # she is free at p3 since 0:30
    assert best.start == 37 * MINUTE


def test_nothing_is_put_before_a_stop_that_has_begun_or_is_driven_to() -> None:
    live, _ = nine_to_ten()
    positions = {one.placements[0].position for one in live.propose(visit("new", "p5"), now=58 * MINUTE)}
    assert positions == {3}  # she must have left for the later one at 0:57


def test_time_does_not_run_back() -> None:
    live, _ = nine_to_ten()
    live.propose(visit("new"), now=600)
    with pytest.raises(ValueError, match="cannot be 300"):
        live.propose(visit("new"), now=300)


def test_a_new_place_is_measured_from_everywhere() -> None:
    found = district(5, tasks=12, shifts=4)
    found = replace(found, shifts=tuple(replace(one, breaks=()) for one in found.shifts))
    live = LivePlan(found, planned(found))
    door = Place("door", lonlat=(8.681, 49.411), setup_seconds=90)
    task = replace(found.visits[0], id="new", place="door", windows=((8 * HOUR, 18 * HOUR),), elder=None)
    live.commit(live.propose(task, places=(door,))[0])
    assert check(live.problem, live.plan) == []
    assert live.problem.places[-1] == door


def test_a_place_that_nobody_committed_to_may_be_corrected() -> None:
    found = district(5, tasks=12, shifts=4)
    found = replace(found, shifts=tuple(replace(one, breaks=()) for one in found.shifts))
    plan = planned(found)
    live = LivePlan(found, plan)
    task = replace(found.visits[0], id="new", place="door", windows=((8 * HOUR, 18 * HOUR),), elder=None)
    live.propose(task, places=(Place("door", lonlat=(8.70, 49.43)),))
    door = Place("door", lonlat=(8.681, 49.411), setup_seconds=90)
    corrected = [one.cost for one in live.propose(task, places=(door,))]
    assert corrected == [one.cost for one in LivePlan(found, plan).propose(task, places=(door,))]
    live.commit(live.propose(task, places=(door,))[0])
    with pytest.raises(TaskRefused, match="other coordinates"):
        live.propose(replace(task, id="newer"), places=(replace(door, setup_seconds=0),))


def test_two_members_of_a_crew_are_proposed_at_the_same_moment() -> None:
    found = problem(shift("s1"), shift("s2"), visit("x", "p2", windows=(minutes(10, 20),)))
    live = LivePlan(found, planned(found))
    best = live.propose(visit("new", "p4", crew=2, windows=(minutes(30, 60),)))[0]
    assert len({place.shift for place in best.placements}) == 2
    assert len({place.start for place in best.placements}) == 1
    live.commit(best)
    assert check(live.problem, live.plan) == []


def test_a_box_rides_along_within_its_limit() -> None:
    found = problem(meal("d1", max_ride_seconds=10 * MINUTE, due=(minutes(30, 60),)))
    live = LivePlan(found, planned(found))
    best = live.propose(meal("d2", dropoff="p4", max_ride_seconds=10 * MINUTE, due=(minutes(30, 60),)))[0]
    assert [place.kind for place in best.placements] == ["pickup", "dropoff"]
    live.commit(best)
    assert check(live.problem, live.plan) == []


def test_an_unassigned_task_is_proposed_by_its_id() -> None:
    found = problem(shift(window=minutes(0, 60)), visit("x"), visit("y", "p2", windows=(minutes(100, 110),)))
    plan = planned(found)
    live = LivePlan(found, plan)
    assert live.propose("y") == []
    with pytest.raises(TaskRefused, match="served already"):
        live.propose("x")
    with pytest.raises(UnknownTask):
        live.propose("z")


def test_spare_rows_that_are_used_up_are_made_anew() -> None:
    live, _ = nine_to_ten()
    for number in range(140):  # there is room for 128
        live.commit(live.propose(visit(f"n{number}", crew=(replace(visit().crew[0], service_seconds=0),)))[0])
    assert check(live.problem, live.plan) == []
    live.undo()
    assert "n139" not in live.problem.tasks
