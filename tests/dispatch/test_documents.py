"""Documents come back as they went, and whatever is wrong in one is named by its pointer."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import (
    ProblemInvalid,
    check,
    dump_plan,
    dump_problem,
    parse_plan,
    parse_problem,
    read_problem,
    solve,
)  # fmt: skip
from dispatch.document import to_json
from dispatch.objective import Objective
from dispatch.places import Euclidean, GreatCircle, Place
from dispatch.problem import Problem
from dispatch.shifts import Aboard, Break, Shift
from dispatch.tasks import Delivery, Halt, Member, Pin, Relation, StopRef, Visit
from tests.dispatch.builders import lunch, meal, minutes, problem, shift, visit

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "day.json"


def rich() -> Problem:
    """A problem that uses every field of the format."""
    return problem(
        shift("a", breaks=(lunch(),), max_work_seconds=9, overtime_after_seconds=5, max_overtime_seconds=3,
              cost={"travel_second": 1.5}, aboard=(Aboard("box", 4),), skills=frozenset({"x", "y"})),
        shift("b", end=None),
        visit("v", elder="e", end="p2", crew=2, stagger=(0, 60), windows=(minutes(0, 5), minutes(9, 12)),
              mandatory=True, late_second=3, preferred={"c-a": 2}, excluded=frozenset({"c-z"})),
        meal("box", direct=True, max_ride_seconds=900), meal("box2"),
        relations=(Relation("sequence", ("v", "box2"), (1, 2)), Relation("same_caregiver", ("v", "box2"))),
        pins=(Pin("b", StopRef("visit", "v", 1), "both", 60), Pin("b", StopRef("pickup", "box2"), "prefix")),
        objective=Objective(wait_second=4), setup={"p1": 30}, ticks_per_unit=10,
    )  # fmt: skip


names = st.text(min_size=1, max_size=8)
windows = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(lambda w: (min(w), max(w)))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Small valid problems of any shape."""
    ids = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    places = tuple(Place(name, lonlat=(draw(st.floats(-180, 180)), draw(st.floats(-90, 90))), xy=None) for name in ids)
    place = st.sampled_from(ids)
    skill = st.frozensets(names, max_size=2)
    shifts = tuple(
        Shift(
            name, f"c{rank}", "bike", draw(place), draw(st.none() | place), (0, 2000), draw(skill),
            draw(st.dictionaries(names, st.integers(0, 9), max_size=2)), (Break("r", draw(windows), 60),),
        )
        for rank, name in enumerate(draw(st.lists(names, max_size=3, unique=True)))
    )  # fmt: skip
    tasks = draw(st.lists(names, max_size=4, unique=True))
    visits = tuple(
        Visit(name, draw(place), (draw(windows),), (Member(draw(st.integers(0, 99)), draw(skill)),))
        for name in tasks[::2]
    )
    deliveries = tuple(
        Delivery(name, Halt(draw(place), (draw(windows),), 1), Halt(draw(place), (draw(windows),), 2), {"b": 1})
        for name in tasks[1::2]
    )
    return Problem(places, {"bike": GreatCircle(1.2, 15.0)}, shifts, visits, deliveries)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_a_problem_comes_back_from_its_document(found: Problem) -> None:
    assert parse_problem(to_json(dump_problem(found))) == found


def test_every_field_comes_back_from_the_document() -> None:
    found = rich()
    assert parse_problem(to_json(dump_problem(found))) == found


def test_a_plan_comes_back_from_its_document_also_as_a_baseline() -> None:
    found = problem(visit(), visit("no", "p10", windows=(minutes(0, 1),)), meal(), shift(breaks=(lunch(),)))
    plan = solve(found, seed=1, time_limit_seconds=1, iterations=2)
    assert parse_plan(to_json(dump_plan(plan))) == plan
    again = Problem(**{**vars_of(found), "baseline": plan})
    assert parse_problem(to_json(dump_problem(again))) == again


def vars_of(found: Problem) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Problem.__dataclass_fields__}


BAD: list[tuple[str, Any, str, str]] = [
    ("/visits/0/windows/0/0", -5, "/visits/0/windows/0/0", "range"),
    ("/visits/0/windows/0", [9, 3], "/visits/0/windows/0", "order"),
    ("/visits/0/windows", [], "/visits/0/windows", "empty"),
    ("/visits/0/windows", [[0, 9], [5, 12]], "/visits/0/windows", "order"),
    ("/visits/0/crew/0/service_seconds", 10**18, "/visits/0/crew/0/service_seconds", "range"),
    ("/visits/0/crew/0/service_seconds", 1.5, "/visits/0/crew/0/service_seconds", "type"),
    ("/visits/0/crew/0/service_seconds", True, "/visits/0/crew/0/service_seconds", "type"),
    ("/visits/0/crew", [], "/visits/0/crew", "empty"),
    ("/visits/0/priority", 101, "/visits/0/priority", "range"),
    ("/visits/0/mandatory", "yes", "/visits/0/mandatory", "type"),
    ("/visits/0/place", "nowhere", "/visits/0/place", "unknown_reference"),
    ("/visits/0/colour", "red", "/visits/0/colour", "unknown_field"),
    ("/visits/0/stagger", [30, 10], "/visits/0/stagger", "order"),
    ("/visits/0/preferred", {"c": -1}, "/visits/0/preferred/c", "range"),
    ("/deliveries/1/id", "v", "/deliveries/1/id", "duplicate"),
    ("/deliveries/0/pickup", 7, "/deliveries/0/pickup", "type"),
    ("/deliveries/0/load/boxes", -1, "/deliveries/0/load/boxes", "range"),
    ("/shifts/0/window", [5, 1], "/shifts/0/window", "order"),
    ("/shifts/0/mode", "boat", "/shifts/0/mode", "unknown_reference"),
    ("/shifts/0/aboard/0/delivery", "v", "/shifts/0/aboard/0/delivery", "unknown_reference"),
    ("/shifts/0/breaks/0/window", [50_000, 60_000], "/shifts/0/breaks/0/window", "order"),
    ("/shifts/0/cost", {"unserved": 2}, "/shifts/0/cost", "choice"),
    ("/shifts/1/caregiver", "c-a", "/shifts/1/window", "overlap"),
    ("/shifts/1/id", "a", "/shifts/1/id", "duplicate"),
    ("/places/1/id", "p0", "/places/1/id", "duplicate"),
    ("/places/0/xy", [0, 1e30], "/places/0/xy/1", "range"),
    ("/places/0/lonlat", [181, 0], "/places/0/lonlat/0", "range"),
    ("/travel/bike/seconds/0", [1, 2], "/travel/bike/seconds/0", "shape"),
    ("/travel/bike/seconds/0/1", -1, "/travel/bike/seconds/0/1", "range"),
    ("/travel/bike/metres", [], "/travel/bike/metres", "shape"),
    ("/travel/bike", {"model": "great_circle", "detour": 1.2, "kmh": 15}, "/travel/bike/model", "unlocated"),
    ("/travel/bike", {"model": "rocket"}, "/travel/bike/model", "choice"),
    ("/relations/0/of", ["v"], "/relations/0/of", "empty"),
    ("/relations/0/of/1", "nobody", "/relations/0/of/1", "unknown_reference"),
    ("/relations/0/kind", "friends", "/relations/0/kind", "choice"),
    ("/pins/0/shift", "nobody", "/pins/0/shift", "unknown_reference"),
    ("/pins/0/stop/member", 5, "/pins/0/stop", "unknown_reference"),
    ("/pins/0/start_seconds", None, "/pins/0/start_seconds", "missing"),
    ("/objective/wait_second", -1, "/objective/wait_second", "range"),
    ("/objective/beauty", 1, "/objective/beauty", "unknown_field"),
    ("/format", "liuzhu/problem@2", "/format", "format"),
    ("/ticks_per_unit", 0, "/ticks_per_unit", "range"),
    ("/baseline", {"format": "liuzhu/plan@1"}, "/baseline/status", "missing"),
    ("/baseline", {}, "/baseline/format", "missing"),
    ("/places/2", {}, "/places/2/id", "missing"),
    ("/visits/0", {}, "/visits/0/windows", "missing"),
    ("/visits/0/crew/0", {}, "/visits/0/crew/0/service_seconds", "missing"),
    ("/deliveries/0/pickup", {}, "/deliveries/0/pickup/place", "missing"),
    ("/shifts/0/breaks/0", {}, "/shifts/0/breaks/0/seconds", "missing"),
    ("/shifts/0/breaks", [{}] * 6, "/shifts/0/breaks", "size"),
    ("/shifts/0/caregiver", "", "/shifts/0/caregiver", "type"),
    ("/visits/0/elder", "\ud83d", "/visits/0/elder", "encoding"),
    ("/deliveries/0/load", {"\udc00": 1}, "/deliveries/0/load/\udc00", "encoding"),
]  # fmt: skip


def planted(document: Any, pointer: str, value: Any) -> Any:
    document = copy.deepcopy(document)
    *path, last = pointer.split("/")[1:]
    at = document
    for token in path:
        at = at[int(token)] if isinstance(at, list) else at[token]
    at[int(last) if isinstance(at, list) else last] = value
    return document


@pytest.mark.parametrize(("pointer", "value", "where", "code"), BAD)
def test_what_is_wrong_is_named_where_it_stands(pointer: str, value: Any, where: str, code: str) -> None:
    with pytest.raises(ProblemInvalid) as caught:
        read_problem(planted(dump_problem(rich()), pointer, value))
    assert (where, code) in {(fault.pointer, fault.code) for fault in caught.value.faults}


def test_weights_whose_sum_could_overflow_are_refused() -> None:
    many = problem(*[visit(f"v{k}", priority=100) for k in range(101)], objective=Objective(unserved=10**8))
    with pytest.raises(ProblemInvalid, match="unserved"):
        read_problem(dump_problem(many))


def test_all_faults_are_named_at_once() -> None:
    document = planted(dump_problem(rich()), "/visits/0/priority", 0)
    document = planted(document, "/shifts/0/window", [5, 1])
    with pytest.raises(ProblemInvalid) as caught:
        read_problem(document)
    assert {"/visits/0/priority", "/shifts/0/window"} <= {fault.pointer for fault in caught.value.faults}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """The rich document with one value, anywhere, replaced by anything."""
    document = dump_problem(rich())
    at: Any = document
    while True:
        keys = list(range(len(at))) if isinstance(at, list) else list(at)
        key = draw(st.sampled_from(keys))
        inner = at[key]
        if not isinstance(inner, list | dict) or not inner or draw(st.booleans()):
            at[key] = draw(junk)
            return document
        at = inner


@given(spoiled())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_spoiled_document_is_read_or_refused_but_never_crashes(document: Any) -> None:
    try:
        found = read_problem(document)
    except ProblemInvalid as error:
        assert error.faults  # noqa: PT017  # either outcome is right, a crash is not
    else:
        plan = solve(found, seed=1, time_limit_seconds=0.5, iterations=1)
        assert check(found, plan) == []


def test_places_on_a_plane_are_travelled_in_ticks() -> None:
    places = (Place("a", xy=(0.0, 0.0)), Place("b", xy=(3.0, 4.5)))
    found = Problem(
        places, {"m": Euclidean()}, (Shift("s", "c", "m", "a", "a", (0, 1000)),),
        (Visit("v", "b", ((0, 900),), (Member(0),)),), ticks_per_unit=10,
    )  # fmt: skip
    plan = solve(found, seed=1, time_limit_seconds=1, iterations=1)
    assert plan.cost["travel_second"] == 2 * 54  # √(9 + 20.25) = 5.408 units
    assert parse_problem(to_json(dump_problem(found))) == found


def test_a_great_circle_of_one_degree_takes_its_time() -> None:
    places = (Place("a", lonlat=(112.5, 37.8)), Place("b", lonlat=(112.5, 38.8)))
    found = Problem(
        places, {"car": GreatCircle(1.5, 30.0)}, (Shift("s", "c", "car", "a", None, (0, 90_000)),),
        (Visit("v", "b", ((0, 90_000),), (Member(0),)),),
    )  # fmt: skip
    stop = solve(found, seed=1, time_limit_seconds=1, iterations=1).routes[0].stops[1]
    assert stop.travel_metres == 166_793  # 6 371 008.8 m × π / 180 × 1.5
    assert stop.travel_seconds == 20_016  # 166 793 m at 30 km/h, rounded up


def test_the_example_day_is_read_and_planned_whole() -> None:
    found = parse_problem(EXAMPLE.read_bytes())
    plan = solve(found, seed=1, time_limit_seconds=10, iterations=20)
    assert check(found, plan) == []
    assert [entry.id for entry in plan.unassigned] == []
    assert json.loads(EXAMPLE.read_bytes())["format"] == "liuzhu/problem@1"
