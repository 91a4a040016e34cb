"""Contradictions between two tasks: each is named in words, and none is a false alarm."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import contradictions, lower_bound, solve
from dispatch.errors import Fault
from dispatch.objective import MANDATORY_UNSERVED
from dispatch.places import Dense, GreatCircle, Place
from dispatch.problem import Problem
from dispatch.shifts import Aboard
from dispatch.tasks import Member, Pin, Relation, RelationKind, StopRef, Visit
from tests.dispatch.builders import MINUTE, meal, minutes, planned, problem, shift, visit

BATH, CARE = (Member(600, frozenset({"bath"})),), (Member(600, frozenset({"care"})),)
PINNED = "pinned to shift s1"
BATHER, CARER = shift("a", skills=frozenset({"bath"})), shift("b", skills=frozenset({"care"}))


def at(name: str, minute: int, on: str = "s1") -> Pin:
    """A pin on a shift at a minute."""
    return Pin(on, StopRef("visit", name), "both", minute * MINUTE)


def bound(kind: Any, *of: str, **changes: Any) -> tuple[Relation, ...]:
    """One relation."""
    return (Relation(kind, of, **changes),)


@pytest.mark.parametrize(
    ("found", "pointer", "code", "detail"),
    [
        (problem(visit("x", "p2"), visit("y", "p5"), pins=(at("x", 20), at("y", 32))), "/pins/1", "pin",
         f"visit y is {PINNED} at 1920, but visit x, pinned to it at 1200, lasts until 1800 and is 180 s away"),
        (problem(visit("x", "p2"), visit("y", "p2"), pins=(at("y", 25), at("x", 20))), "/pins/0", "pin",
         f"visit y is {PINNED} at 1500, but visit x, pinned to it at 1200, lasts until 1800"),
        (problem(visit("x", windows=(minutes(0, 60),)), visit("y", windows=(minutes(0, 69),)),
                 relations=bound("sequence", "x", "y", gap=minutes(60, 90))), "/relations/0", "sequence",
         "visit y is to start 3600 to 5400 s after visit x, their windows leave no such starts"),
        (problem(BATHER, CARER, visit("x", crew=BATH), visit("y", crew=CARE),
                 relations=bound("same_caregiver", "x", "y")), "/relations/0", "same_caregiver",
         "visit x and visit y need the same caregiver, the day has none able for both"),
        (problem(BATHER, CARER, visit("x", crew=BATH), visit("y", crew=BATH),
                 relations=bound("different_caregiver", "x", "y")), "/relations/0", "different_caregiver",
         "visit x and visit y need 2 different caregivers, the day has 1 able"),
        (problem(shift("a"), shift("b"), visit("x"), visit("y"), meal("z"),
                 relations=bound("different_caregiver", "x", "y", "z")), "/relations/0", "different_caregiver",
         "visit x, visit y and delivery z need 3 different caregivers, the day has 2 able"),
        (problem(BATHER, CARER, shift("c", skills=frozenset({"care"})), visit("x", crew=BATH),
                 visit("y", crew=BATH + CARE),
                 relations=bound("different_caregiver", "x", "y")), "/relations/0", "different_caregiver",
         "visit x and visit y need 3 different caregivers, the day has not one for each among 3 able"),
    ],
    ids=["way", "overlap", "gap", "same", "different", "three", "matching"],
)  # fmt: skip
def test_what_two_tasks_ask_of_one_another_in_vain_is_named(
    found: Problem, pointer: str, code: str, detail: str
) -> None:
    (fault,) = contradictions(found)
    assert (fault.pointer, fault.code, fault.detail) == (pointer, code, detail)
    assert planned(found).unassigned  # not all of them are served indeed


def test_the_gap_is_counted_to_the_second() -> None:
    """x ends at 1:10 at the latest, so y may start at 1:10 and no earlier than 60 minutes after 0:10."""
    ends = (visit("x", windows=(minutes(0, 60),)), visit("y", windows=(minutes(0, 70),)))
    assert contradictions(problem(*ends, relations=bound("sequence", "x", "y", gap=minutes(60, 90)))) == []


def test_pins_that_follow_at_once_are_none() -> None:
    found = problem(visit("x", "p2"), visit("y", "p5"), pins=(at("x", 20), at("y", 33)))
    assert contradictions(found) == []
    assert planned(found).unassigned == ()


def test_a_table_that_is_shorter_over_a_third_place_raises_no_alarm() -> None:
    """From p2 to p5 it takes an hour straight on, but two minutes over the meal at p8."""
    found = problem(visit("x", "p2"), visit("y", "p5"), pins=(at("x", 20), at("y", 36)))
    (bike,) = (table for table in found.travel.values() if isinstance(table, Dense))
    seconds = [list(row) for row in bike.seconds]
    seconds[2][5], seconds[2][8], seconds[8][5] = 3600, 60, 60
    found = replace(found, travel={"bike": Dense(tuple(map(tuple, seconds)), bike.metres)})
    assert contradictions(found) == []
    assert contradictions(replace(found, pins=(at("x", 20), at("y", 31)))) != []


def test_a_visit_that_ends_elsewhere_may_be_the_shorter_way() -> None:
    escort = visit("lift", "p2", end="p9", crew=(Member(60),))
    found = problem(visit("x", "p2"), visit("y", "p9"), escort, pins=(at("x", 20), at("y", 32)))
    assert contradictions(found) == []
    assert planned(found).unassigned == ()


def test_the_setup_at_the_second_stop_counts_unless_she_comes_to_it_with_an_elder() -> None:
    """x ends at 0:30 at p2, three minutes from p5, where setting up takes ten: y may be pinned to 0:43."""
    soon, then = (at("x", 20), at("y", 42)), (at("x", 20), at("y", 43))
    found = problem(visit("x", "p2"), visit("y", "p5"), pins=soon, setup={"p5": 10 * MINUTE})
    (fault,) = contradictions(found)
    assert fault.detail.endswith("lasts until 1800 and is 780 s away with its setup")
    assert contradictions(replace(found, pins=then)) == []
    assert planned(replace(found, pins=then)).unassigned == ()
    escort = visit("lift", "p2", end="p5", crew=(Member(4 * MINUTE),))  # they are there at 0:34, and set up
    assert contradictions(replace(found, visits=(*found.visits, escort), pins=(at("x", 20), at("y", 34)))) == []


def test_who_stays_where_she_is_sets_up_no_more() -> None:
    found = problem(visit("x", "p5"), visit("y", "p5"), pins=(at("x", 20), at("y", 30)), setup={"p5": 10 * MINUTE})
    assert contradictions(found) == []
    assert planned(found).unassigned == ()


@pytest.mark.parametrize("ends", [0, 1])
def test_ways_are_counted_on_a_globe_however_many_places_there_are(ends: int) -> None:
    """9.3 km at 18 km/h take half an hour; an escort from the one place to the other two minutes."""
    spots = [(8.6, 49.4), (8.6, 49.46), *((8.6 + row / 10_000, 49.5) for row in range(4_000))]
    places = tuple(Place(f"p{row}", lonlat=spot) for row, spot in enumerate(spots))
    lift = [visit("lift", "p0", end="p1", crew=(Member(120),))][:ends]
    found = problem(visit("x", "p0"), visit("y", "p1"), *lift, pins=(at("x", 20), at("y", 50)))
    found = replace(found, places=places, travel={"bike": GreatCircle(1.4, 18.0)})
    assert [fault.code for fault in contradictions(found)] == ["pin"] * (1 - ends)


def test_what_is_aboard_needs_no_more_room() -> None:
    found = problem(shift(capacity={"boxes": 2}, aboard=(Aboard("six", 0),)), meal("six", load={"boxes": 6}))
    assert contradictions(found) == []
    assert planned(found).unassigned == ()


def day(seed: int) -> Problem:
    """Three tasks with tight windows and few who are able, pins and one relation."""
    chance = random.Random(seed)

    def some(*skills: str) -> frozenset[str]:
        return frozenset(skill for skill in skills if chance.random() < 0.5)

    def window() -> tuple[int, int]:
        begin = chance.randrange(0, 90, 10)
        return minutes(begin, begin + chance.choice((0, 10, 30)))

    def one(name: str) -> Visit:
        crew = tuple(Member(chance.choice((60, 600, 1200)), some("bath")) for _ in range(chance.choice((1, 1, 2))))
        end, late = chance.choice((None, None, "p9")), chance.choice((None, None, 1))
        return visit(name, f"p{chance.randrange(9)}", windows=(window(),), crew=crew, end=end, late_second=late)

    roster = [shift(f"s{number}", skills=some("bath", "care")) for number in range(chance.randint(1, 3))]
    box = meal("d", ready=(window(),), due=(minutes(0, chance.choice((30, 90, 300))),))
    kinds: tuple[RelationKind, ...] = ("sequence", "same_caregiver", "different_caregiver")
    gap = minutes(*sorted(chance.sample(range(0, 120, 10), 2)))
    relation = Relation(chance.choice(kinds), tuple(chance.sample(("x", "y", "d"), chance.choice((2, 2, 3)))), gap)
    pins = tuple(
        at(name, chance.randrange(20, 60), "s0")
        if chance.random() < 0.7
        else Pin("s0", StopRef("visit", name), "caregiver")
        for name in ("x", "y")
        if chance.random() < 0.5
    )
    setup = {f"p{chance.randrange(9)}": chance.choice((60, 300, 600)) for _ in range(chance.choice((0, 4, 9)))}
    return problem(*roster, one("x"), one("y"), box, relations=(relation,), pins=pins, setup=setup)


def named(found: Problem, fault: Fault) -> set[str]:
    """The tasks that cannot all be served."""
    part, number = fault.pointer.split("/")[1:]
    if part == "relations":
        return set(found.relations[int(number)].of)
    if part == "pins":
        return (
            {pin.stop.id for pin in found.pins} if "lasts until" in fault.detail else {found.pins[int(number)].stop.id}
        )
    return {(found.visits if part == "visits" else found.deliveries)[int(number)].id}


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_it_is_proved_that_no_plan_serves_all_that_a_contradiction_names(seed: int) -> None:
    found = day(seed)
    for fault in contradictions(found):
        names = named(found, fault)
        asked = replace(
            found,
            visits=tuple(replace(one, mandatory=one.id in names) for one in found.visits),
            deliveries=tuple(replace(box, mandatory=box.id in names) for box in found.deliveries),
            pins=tuple(pin for pin in found.pins if pin.stop.id in names),
        )
        plan = solve(asked, seed=seed, time_limit_seconds=5, iterations=5)
        assert lower_bound(asked, plan, seconds=5).lower >= MANDATORY_UNSERVED, fault
