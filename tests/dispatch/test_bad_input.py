"""Input that cannot be meant: each gets its name and its place, and nothing is ever searched in vain."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatch import ProblemInvalid, contradictions, dump_problem, parse_problem, read_problem
from dispatch.cli import app
from dispatch.document import MOST_TASKS, to_json
from dispatch.objective import Objective
from dispatch.shifts import Aboard
from dispatch.tasks import Member, Pin, Relation, StopKind, StopRef
from tests.dispatch.builders import meal, minutes, planned, problem, shift, visit

BATH = (Member(600, frozenset({"bath"})),)


def faults(document: Any) -> set[tuple[str, str]]:
    with pytest.raises(ProblemInvalid) as caught:
        read_problem(document)
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


def test_sequences_in_a_circle_are_refused() -> None:
    circle = problem(
        visit("a"), visit("b"), visit("c"),
        relations=(Relation("sequence", ("a", "b", "c")), Relation("sequence", ("c", "a"))),
    )  # fmt: skip
    assert faults(dump_problem(circle)) == {("/relations/1/of", "cycle")}


def test_a_task_before_itself_in_one_sequence_is_refused() -> None:
    itself = problem(visit("a"), visit("b"), relations=(Relation("sequence", ("a", "b", "a")),))
    assert ("/relations/0/of", "duplicate") in faults(dump_problem(itself))


def test_a_window_before_the_horizon_is_refused() -> None:
    document = dump_problem(problem(visit()))
    document["visits"][0]["windows"] = [[-60, 60]]
    assert faults(document) == {("/visits/0/windows/0/0", "range")}


def test_not_a_number_is_refused() -> None:
    text = to_json(dump_problem(problem(visit()))).replace('"service_seconds": 600', '"service_seconds": NaN')
    with pytest.raises(ProblemInvalid, match="NaN is not a JSON number"):
        parse_problem(text)


def test_a_number_beyond_all_bounds_is_refused() -> None:
    document = dump_problem(problem(visit()))
    document["visits"][0]["crew"][0]["service_seconds"] = 10**18
    assert faults(document) == {("/visits/0/crew/0/service_seconds", "range")}


def test_an_id_used_twice_is_refused() -> None:
    assert faults(dump_problem(problem(visit("a"), visit("a")))) == {("/visits/1/id", "duplicate")}


def test_a_table_that_is_not_square_is_refused() -> None:
    document = dump_problem(problem(visit(), count=3))
    document["travel"]["bike"]["seconds"][1].pop()
    assert faults(document) == {("/travel/bike/seconds/1", "shape")}


def test_no_time_between_places_that_lie_apart_is_refused() -> None:
    document = dump_problem(problem(visit(), count=3))
    document["travel"]["bike"]["seconds"][1][2] = 0  # 100 m
    assert faults(document) == {("/travel/bike/seconds/1/2", "zero")}


def test_no_time_between_doors_of_one_house_is_meant() -> None:
    document = dump_problem(problem(visit(), count=3))
    document["travel"]["bike"]["seconds"][1][2] = document["travel"]["bike"]["metres"][1][2] = 0
    assert read_problem(document).travel


def test_a_million_visits_are_refused_unread() -> None:
    document = dump_problem(problem(visit()))
    document["visits"] = [0] * 10**6
    with pytest.raises(ProblemInvalid, match=f"1000000 entries, at most {MOST_TASKS}"):
        read_problem(document)


def test_weights_that_overflow_are_refused() -> None:
    heavy = problem(*[visit(f"v{k}", priority=100) for k in range(101)], objective=Objective(unserved=10**8))
    assert faults(dump_problem(heavy)) == {("/objective/unserved", "range")}


def test_a_place_that_nobody_reaches_is_named_for_its_task() -> None:
    document = dump_problem(problem(visit(place="p2"), count=3))
    for row in (0, 1):
        document["travel"]["bike"]["seconds"][row][2] = 10**8
    (entry,) = planned(read_problem(document)).unassigned
    assert [reason.code for reason in entry.reasons] == ["distance"]


def test_nobody_on_duty_is_a_contradiction_and_a_plan() -> None:
    nobody = replace(problem(visit()), shifts=())
    assert [(fault.pointer, fault.code) for fault in contradictions(nobody)] == [("/visits/0", "no_shift")]
    assert [entry.id for entry in planned(nobody).unassigned] == ["v1"]


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert contradictions(problem()) == []
    assert planned(problem()).routes == ()


@pytest.mark.parametrize(
    ("found", "pointer", "code", "detail"),
    [
        (problem(visit("v17", crew=BATH)), "/visits/0", "skill",
         "visit v17 needs bath, no able shift on the day has it"),
        (problem(visit(excluded=frozenset({"c-s1"}))), "/visits/0", "excluded",
         "visit v1 excludes caregivers, no able shift on the day has another"),
        (problem(meal(load={"boxes": 11})), "/deliveries/0", "capacity",
         "delivery d1 needs room for 11 boxes, no able shift on the day has it"),
        (problem(visit(windows=(minutes(700, 800),))), "/visits/0", "no_shift",
         "visit v1 has a time window, no able shift on the day is on duty in it"),
        (problem(visit(crew=2)), "/visits/0", "crew", "visit v1 needs 2 caregivers at once, the day has 1 able"),
        (problem(shift("a"), shift("b", skills=frozenset({"bath"})), visit(crew=BATH),
                 pins=(Pin("a", StopRef("visit", "v1"), "caregiver"),)), "/pins/0", "skill",
         "visit v1 needs bath, but is pinned to shift a, which is none that has it"),
    ],
    ids=["skill", "excluded", "capacity", "no_shift", "crew", "pin"],
)  # fmt: skip
def test_a_contradiction_is_named_in_words(found: Any, pointer: str, code: str, detail: str) -> None:
    (fault,) = contradictions(found)
    assert (fault.pointer, fault.code, fault.detail) == (pointer, code, detail)
    assert planned(found).unassigned  # it is left out indeed


def test_what_is_aboard_is_not_held_to_the_hours_of_its_kitchen() -> None:
    carried = meal(ready=(minutes(0, 10),), due=(minutes(400, 500),))
    found = problem(shift(window=minutes(300, 600), aboard=(Aboard("d1", 0),)), carried)
    assert contradictions(found) == []
    assert planned(found).unassigned == ()


def test_a_pinned_time_stands_in_the_place_of_the_windows_also_where_they_are_judged() -> None:
    pin = Pin("s1", StopRef("visit", "v1"), "both", 1200)
    found = problem(visit(windows=(minutes(700, 800),)), pins=(pin,))
    assert contradictions(found) == []
    assert planned(found).unassigned == ()
    late = replace(found, pins=(replace(pin, start_seconds=11 * 3600),))
    assert [fault.code for fault in contradictions(late)] == ["no_shift", "no_shift"]


def test_a_drop_off_at_the_head_of_a_route_with_its_pickup_behind_is_a_contradiction() -> None:
    kinds: tuple[StopKind, ...] = ("pickup", "dropoff")
    ends = {kind: Pin("s1", StopRef(kind, "d1"), "prefix") for kind in kinds}
    found = problem(meal(), pins=(ends["dropoff"],))
    detail = "dropoff d1 is pinned to the head of shift s1, its pickup is not pinned before it"
    assert [(fault.pointer, fault.code, fault.detail) for fault in contradictions(found)] == [
        ("/pins/0", "pin", detail)
    ]
    (entry,) = planned(found).unassigned
    assert [reason.code for reason in entry.reasons] == ["pin", "mandatory"]
    behind = replace(found, pins=(ends["dropoff"], ends["pickup"]))
    assert [fault.pointer for fault in contradictions(behind)] == ["/pins/0"]
    ahead = replace(found, pins=(ends["pickup"], ends["dropoff"]))
    assert contradictions(ahead) == []
    assert planned(ahead).unassigned == ()


def test_contradictions_are_told_before_the_search() -> None:
    text = to_json(dump_problem(problem(visit(crew=BATH))))
    done = CliRunner().invoke(app, ["solve", "-", "--seconds", "1", "--iterations", "1", "--progress", "json"], text)
    assert done.exit_code == 0
    first = json.loads(done.stderr.splitlines()[0])
    assert first["note"] == "-/visits/0: skill: visit v1 needs bath, no able shift on the day has it"
