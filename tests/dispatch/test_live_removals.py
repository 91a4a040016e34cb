"""Taking out of a live plan: a caregiver drops out, a task is cancelled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch import ChangeRefused, LivePlan, UnknownTask, check
from dispatch.errors import UnknownShift
from dispatch.live.moves import moves_between
from dispatch.objective import Objective
from dispatch.plan import Plan
from dispatch.shifts import Aboard, Break
from dispatch.tasks import Pin, StopRef, Visit
from tests.dispatch.builders import (
    MINUTE,
    arranged,
    meal,
    minutes,
    planned,
    problem,
    served,
    shift,
    shift_of,
    start_of,
    visit,
)
from tests.dispatch.live_days import day, newcomer

SEEDS = st.integers(0, 10_000)


def begun(plan: Plan, now: int) -> dict[tuple[str, str, int], tuple[str, int]]:
    """The stops that have started."""
    return {key: where for key, where in plan.starts().items() if where[1] <= now}


@given(SEEDS, st.booleans(), st.integers(7, 18))
@example(seed=7, spice=True, hour=7)
@example(seed=4301, spice=True, hour=12)
@settings(max_examples=25, deadline=None)
def test_a_drop_out_leaves_what_has_started_and_a_valid_plan(seed: int, spice: bool, hour: int) -> None:
    found, plan = day(seed, tasks=12, shifts=4, spice=spice)
    now = hour * 3600
    live = LivePlan(found, plan)
    gone = found.shifts[seed % 4].id
    removal = live.remove(gone, now=now, rounds=5)
    assert begun(plan, now).items() <= removal.plan.starts().items()
    hers = {key[1] for key, (on, start) in removal.plan.starts().items() if on == gone and start > now}
    assert hers <= set(removal.stranded)
    assert served(plan) - served(removal.plan) == set(removal.unserved)
    assert set(removal.moves) == set(moves_between(plan.routes, removal.plan.routes))
    assert check(live.problem, removal.plan) == []
    assert live.undo() == plan
    assert [one.cost for one in live.propose(newcomer(found, seed))] == [
        one.cost for one in LivePlan(found, plan, now=now).propose(newcomer(found, seed))
    ]


@given(SEEDS, st.booleans())
@example(seed=133, spice=True)
@settings(max_examples=20, deadline=None)
def test_a_plan_after_a_drop_out_proposes_what_a_fresh_one_does(seed: int, spice: bool) -> None:
    found, plan = day(seed, tasks=12, shifts=4, spice=spice)
    live = LivePlan(found, plan)
    live.remove(found.shifts[0].id, now=11 * 3600, rounds=3)
    task, gone = newcomer(found, seed), found.shifts[0].id
    fresh = LivePlan(live.problem, live.plan, now=11 * 3600).propose(task, k=25)
    # the problem alone does not say that nothing may be put between her last stop and what she has aboard
    others = [one.cost for one in fresh if all(place.shift != gone for place in one.placements)]
    assert [one.cost for one in live.propose(task, k=25)][: len(others)] == others


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_cancelled_task_is_gone_and_nothing_else_moves_needlessly(seed: int, spice: bool) -> None:
    found, plan = day(seed, spice=spice)
    live = LivePlan(found, plan)
    name = [*found.tasks][seed % len(found.tasks)]
    if any(entry.delivery == name for one in found.shifts for entry in one.aboard):
        return
    removal = live.remove_task(name, now=0)
    assert name not in live.problem.tasks
    assert check(live.problem, removal.plan) == []
    assert served(removal.plan) == served(plan) - {name}
    assert all(move.seconds is None or move.seconds <= 0 for move in removal.moves if move.kind != "break") or spice
    assert live.undo() == plan


def two() -> tuple[LivePlan, Plan]:
    """Two shifts of which the first serves x at 0:20 and y at 1:40, as only it can start that early."""
    found = problem(
        shift("s1"),
        shift("s2", window=minutes(60, 600)),
        visit("x", "p3", windows=(minutes(20, 40),)),
        visit("y", "p4", windows=(minutes(100, 120),)),
    )
    plan = planned(found)
    assert shift_of(plan, "x") == "s1"
    return LivePlan(found, plan), plan


def test_another_shift_takes_over() -> None:
    live, plan = two()
    gone = shift_of(plan, "y")
    removal = live.remove(gone, now=50 * MINUTE)
    assert shift_of(removal.plan, "y") == ({"s1", "s2"} - {gone}).pop()
    assert shift_of(removal.plan, "x") == "s1"
    assert removal.unserved == ()


def test_what_nobody_else_can_do_is_named_with_a_reason() -> None:
    live, _ = two()
    removal = live.remove("s1", now=0)
    assert "x" in removal.unserved
    assert [entry.reasons[0].code for entry in removal.plan.unassigned if entry.id == "x"] == ["no_place"]


def rest(begin: int, end: int) -> Break:
    """A break of half an hour that starts between two minutes."""
    return Break("lunch", window=minutes(begin, end), seconds=30 * MINUTE)


def pair() -> Visit:
    """Two caregivers at p5 from 0:30 to 0:50."""
    member = replace(visit().crew[0], service_seconds=20 * MINUTE)
    return visit("pair", "p5", windows=(minutes(30, 32),), crew=(member, member))


def test_a_break_moves_where_a_shorter_route_has_no_other_place_for_it() -> None:
    found = problem(
        shift("s1", breaks=(rest(0, 90),)), shift("s2"), pair(),
        visit("z", "p5", windows=(minutes(80, 82),), preferred={"c-s1": 500}),
    )  # fmt: skip
    plan = planned(found)
    assert shift_of(plan, "z") == "s1"
    assert [stop.start for route in plan.routes for stop in route.stops if stop.kind == "break"] == [50 * MINUTE]
    removal = LivePlan(found, plan).remove("s2", now=0)
    assert removal.unserved == ("pair",)
    assert shift_of(removal.plan, "z") == "s1"  # after a break before the route: from 0:50 she would be there at 1:25


def test_what_has_no_place_beside_a_break_goes_to_others_or_is_named() -> None:
    found = problem(
        shift("s1", breaks=(rest(50, 56),)), shift("s2"), pair(),
        visit("z", "p5", windows=(minutes(80, 82),), preferred={"c-s1": 500}),
    )  # fmt: skip
    plan = planned(found)
    assert served(plan) == {"pair", "z"}
    removal = LivePlan(found, plan).remove("s2", now=0)
    assert set(removal.unserved) == {"pair", "z"}


def test_a_break_that_has_no_place_any_more_is_taken_late_and_named() -> None:
    long = replace(visit().crew[0], service_seconds=35 * MINUTE)
    member = replace(visit().crew[0], service_seconds=5 * MINUTE)
    found = problem(
        shift("s1", breaks=(rest(46, 50),)), shift("s2"),
        visit("a", "p9", windows=(minutes(9, 10),), crew=(long,), preferred={"c-s1": 500}),
        visit("pair", "p9", windows=(minutes(80, 90),), crew=(member, member)),
    )  # fmt: skip
    plan = planned(found)
    assert shift_of(plan, "a") == "s1"
    live = LivePlan(found, plan)
    removal = live.remove("s2", now=20 * MINUTE)  # home at 0:54 at the earliest
    assert removal.late_breaks == ("s1",)
    assert live.problem.shift_of["s1"].breaks[0].window[1] > 50 * MINUTE
    assert check(live.problem, removal.plan) == []


def test_a_break_that_has_begun_with_nothing_behind_it_any_more_refuses_no_drop_out() -> None:
    """She rests from 0:15 on; without the crew at 1:00 she is home at 0:20, and her break could begin by 0:16."""
    long = replace(visit().crew[0], service_seconds=10 * MINUTE)
    found = problem(
        shift("s1", breaks=(rest(10, 16),)), shift("s2"),
        visit("a", "p5", windows=(minutes(5, 6),)), visit("pair", "p5", windows=(minutes(60, 61),), crew=(long, long)),
    )  # fmt: skip
    plan = arranged(found, ["a", "lunch", "pair"], ["pair"])
    removal = LivePlan(found, plan).remove("s2", now=20 * MINUTE)
    assert (removal.unserved, removal.late_breaks) == (("pair",), ("s1",))
    assert shift_of(removal.plan, "a") == "s1"


def test_a_box_aboard_that_would_ride_too_long_as_a_first_stop_refuses_no_cancellation() -> None:
    """After v she waits at the door from 0:13 to 0:30; nobody waits at a first stop, so she would arrive at 0:30."""
    box = meal("box", "p1", "p3", due=(minutes(30, 60),), max_ride_seconds=20 * MINUTE)
    found = problem(shift("s1", aboard=(Aboard("box", 0),)), visit("v", "p1", windows=(minutes(1, 2),)), box)
    removal = LivePlan(found, planned(found)).remove_task("v", now=0)
    assert removal.unserved == ("box",)


def test_lateness_that_a_pin_held_is_not_taken_off_the_cost_with_its_task() -> None:
    late = visit("x", "p3", windows=(minutes(0, 5),), late_second=1)
    pin = Pin("s1", StopRef("visit", "x"), "time", 10 * MINUTE)
    found = problem(shift("s1"), late, pins=(pin,), objective=Objective(late_second=1))
    removal = LivePlan(found, planned(found)).remove_task("x", now=0)
    assert removal.plan.cost["late_second"] == 0


def test_a_crew_is_paired_anew() -> None:
    found = problem(shift("s1"), shift("s2"), shift("s3"), visit("pair", "p4", crew=2, windows=(minutes(60, 80),)))
    plan = planned(found)
    live = LivePlan(found, plan)
    removal = live.remove(shift_of(plan, "pair"), now=10 * MINUTE)
    assert removal.unserved == ()
    assert len({shift_of(removal.plan, "pair", member=member) for member in (0, 1)} - {shift_of(plan, "pair")}) == 2


def test_a_box_that_is_aboard_stays_with_her_and_is_named() -> None:
    found = problem(shift("s1"), shift("s2", window=minutes(200, 600)), meal("d", due=(minutes(60, 90),)))
    plan = planned(found)
    assert shift_of(plan, "d", "pickup") == "s1"
    live = LivePlan(found, plan)
    removal = live.remove("s1", now=start_of(plan, "d", "pickup"))
    assert removal.stranded == ("d",)
    assert shift_of(removal.plan, "d", "dropoff") == "s1"


def test_the_room_that_a_crew_leaves_on_a_ride_is_used() -> None:
    """The crew's ten minutes are all that the box's ride can bear; z takes their place at 0:16, for the box is due from
    0:20 to 0:31 and cannot be taken before or after."""
    box = meal("box", "p1", "p9", due=(minutes(20, 31),), max_ride_seconds=18 * MINUTE)
    found = problem(
        shift("s1"), shift("s2"), box,
        visit("pair", "p5", crew=2, windows=(minutes(6, 8),)), visit("z", "p5", windows=(minutes(16, 17),)),
    )  # fmt: skip
    removal = LivePlan(found, arranged(found, ["box", "pair", "box"], ["pair", "z"])).remove("s2", now=0)
    assert removal.unserved == ("pair",)
    assert start_of(removal.plan, "z") == 16 * MINUTE


def test_a_shift_that_dropped_out_gets_nothing_any_more() -> None:
    live, _ = two()
    live.remove("s1", now=50 * MINUTE)
    assert {place.shift for one in live.propose(visit("new")) for place in one.placements} == {"s2"}


def test_a_task_that_fits_only_if_others_change_places_is_kept() -> None:
    found = problem(
        shift("s1"),
        shift("s2", window=minutes(0, 100)),
        shift("s3"),
        visit("early", "p2", windows=(minutes(10, 90),), crew=(replace(visit().crew[0], service_seconds=60 * MINUTE),)),
        visit("held", "p2", windows=(minutes(10, 30),), crew=(replace(visit().crew[0], service_seconds=70 * MINUTE),)),
        pins=(),
    )
    live = LivePlan(found, planned(found))
    removal = live.remove(shift_of(live.plan, "held"), now=0)
    assert removal.unserved == ()


def test_a_task_that_has_begun_cannot_be_cancelled() -> None:
    live, plan = two()
    with pytest.raises(ChangeRefused, match="x has begun"):
        live.remove_task("x", now=start_of(plan, "x"))
    assert live.plan is plan
    with pytest.raises(UnknownTask):
        live.remove_task("z", now=live.now)
    with pytest.raises(UnknownShift):
        live.remove("s9", now=live.now)


def test_an_id_is_free_again_once_its_task_is_cancelled() -> None:
    live, _ = two()
    live.remove_task("y", now=0)
    assert live.propose(visit("y"))
