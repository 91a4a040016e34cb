"""Each reason is given when it holds, and the nearest change is one that works."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import Plan, Problem, check, enact, explain, solve
from dispatch.plan import Unassigned
from dispatch.shifts import Break
from dispatch.tasks import Halt, Member, Pin, StopRef
from tests.dispatch.builders import HOUR, MINUTE, arranged, meal, minutes, problem, served, shift, start_of, visit
from tests.dispatch.city import spiced


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


def change_of(found: Problem, task: str = "v1") -> dict[str, object]:
    """The nearest change of a task left out; it has been made, and the checker has passed what comes of it."""
    plan = planned(found)
    entry = next(entry for entry in plan.unassigned if entry.id == task)
    assert entry.nearest_change is not None
    changed, after = enact(found, plan, entry)
    assert check(changed, after) == []
    assert task in served(after)
    assert len(after.unassigned) == len(plan.unassigned) - 1
    assert start_of(after, task, "visit" if task.startswith("v") else "pickup") == entry.nearest_change["start"]
    return dict(entry.nearest_change)


def test_a_shift_of_half_an_hour_works_when_made() -> None:
    busy = visit("busy", windows=(minutes(45, 45),), crew=(Member(45 * MINUTE),), mandatory=True)
    change = change_of(problem(busy, visit("v1", windows=(minutes(60, 60),))))
    assert (change["kind"], change["shift_seconds"], change["start"]) == ("window", 1800, 90 * MINUTE)


def test_a_caregiver_could_come_if_another_visit_moved() -> None:
    # only a can bathe; she is at the other visit, which b could make
    bath = (Member(5 * HOUR, frozenset({"bath"})),)
    found = problem(
        shift("a", skills=frozenset({"bath"}), window=minutes(0, 310)), shift("b", window=minutes(0, 310)),
        visit("other", crew=(Member(HOUR),)), visit("v1", crew=bath, windows=(minutes(1, 1),)),
    )  # fmt: skip
    route = arranged(replace(found, visits=found.visits[:1]), ["other"], [])
    plan = replace(route, unassigned=(Unassigned("v1"),), cost={})
    (entry,) = explain(found, plan)
    assert entry.nearest_change is not None
    kept = {name: entry.nearest_change[name] for name in ("kind", "moves", "to", "shifts", "start")}
    assert kept == {"kind": "move", "moves": "other", "to": ["b"], "shifts": ["a"], "start": MINUTE}
    assert entry.nearest_change["detail"] == "c-a could come if other moves to shift b"
    _, after = enact(found, plan, entry)
    assert check(found, after) == []
    assert after.unassigned == ()


def test_one_more_shift_with_the_skill_would_do() -> None:
    needs = visit("v1", "p4", crew=(Member(30 * MINUTE, frozenset({"medical"})),), windows=(minutes(100, 120),))
    change = change_of(problem(needs))
    assert change["detail"] == "one more shift with medical from 01:35 to 02:15"  # away from 96 to 134
    assert (change["kind"], change["shifts"]) == ("shift", ["additional-1"])


def test_a_crew_that_is_one_short_asks_for_one_more_shift_only() -> None:
    change = change_of(problem(visit("v1", crew=2, windows=(minutes(100, 100),))))
    assert change["detail"] == "one more shift from 01:35 to 01:55"  # away from 99 to 111
    assert change["shifts"] == ["additional-1", "s1"]


def test_a_box_too_heavy_for_anybody_asks_for_a_shift_that_can_carry_it() -> None:
    assert change_of(problem(meal(load={"boxes": 11})), "d1")["kind"] == "shift"


def test_without_any_shift_one_at_the_door_would_do() -> None:
    change = change_of(replace(problem(visit("v1")), shifts=()))
    assert change["detail"] == "one more shift from 00:00 to 00:10"


def test_where_no_change_helps_none_is_told_and_none_can_be_made() -> None:
    found = problem(meal(pickup="p1", dropoff="p9", max_ride_seconds=7 * MINUTE))  # eight minutes of way
    (entry,) = planned(found).unassigned
    assert entry.nearest_change is None
    with pytest.raises(ValueError, match="no change"):
        enact(found, planned(found), entry)


@given(st.integers(0, 10_000), st.integers(6, 14), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_every_change_told_for_any_day_works_when_made(seed: int, tasks: int, shifts: int) -> None:
    found = spiced(seed, tasks=tasks, shifts=shifts)
    plan = solve(found, seed=seed, time_limit_seconds=5, iterations=3)
    for entry in plan.unassigned:
        if entry.nearest_change is not None:
            changed, after = enact(found, plan, entry)
            assert check(changed, after) == []
            assert entry.id in served(after)
