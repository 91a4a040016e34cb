"""The generated city day: its shares, its repeatability, and the proof that a task fits nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bench.city_day import MODES, city_day
from bench.city_parts.relaxed import relaxed_plan
from bench.city_parts.unservable import unservable
from dispatch import check, dump_problem, read_problem, solve
from dispatch.places import GreatCircle, Place
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Halt, Member, Visit
from dispatch.travel import tables

HOUR = 3600
NORTH = 0.001  # degrees of latitude: 111.2 m, at 1.3 m of way per metre and 4.5 km/h 115.6 s, rounded up to 116


@pytest.fixture(scope="module")
def day() -> Problem:
    return city_day(400, seed=3)


def test_a_day_has_the_shares_it_is_said_to_have(day: Problem) -> None:
    assert (len(day.visits), len(day.deliveries)) == (220, 180)
    kinds = Counter(next(iter(visit.crew[0].skills)) for visit in day.visits)
    baths = [visit for visit in day.visits if visit.crew[0].skills == {"bath"}]
    assert 0.2 < kinds["bath"] / 220 < 0.4
    assert {len(visit.crew) for visit in baths} == {1, 2}
    assert all(len(visit.crew) == 1 for visit in day.visits if visit not in baths)
    assert {shift.mode for shift in day.shifts} == set(MODES)
    assert {box.max_ride_seconds for box in day.deliveries} == {40 * 60}
    assert all(shift.breaks for shift in day.shifts if shift.id.startswith("carer"))


def test_a_seed_gives_the_same_day_and_another_seed_another(day: Problem) -> None:
    assert city_day(400, seed=3) == day
    assert city_day(400, seed=4) != day


def test_a_day_is_a_valid_document_without_a_matrix(day: Problem) -> None:
    document = dump_problem(day)
    assert read_problem(document) == day
    assert all(model["model"] == "great_circle" for model in document["travel"].values())


def test_a_part_of_the_city_lies_closer_together(day: Problem) -> None:
    def width(problem: Problem) -> float:
        lats = [place.lonlat[1] for place in problem.places if place.lonlat]
        return max(lats) - min(lats)

    assert width(city_day(400, seed=3, share=0.05)) < width(day) / 2


def test_staffing_scales_the_caregivers(day: Problem) -> None:
    more = city_day(400, seed=3, staffing=2.0)
    assert len(more.shifts) == pytest.approx(2 * len(day.shifts), abs=3)


def test_almost_everything_can_be_served_alone(day: Problem) -> None:
    assert len(unservable(day)) <= 2


@pytest.mark.parametrize(
    ("tasks", "share", "staffing"), [(19, 1, 1), (40_001, 1, 1), (200, 0, 1), (200, 1.1, 1), (200, 1, 0)]
)
def test_a_day_out_of_range_is_refused(tasks: int, share: float, staffing: float) -> None:
    with pytest.raises(ValueError, match=r"tasks|share"):
        city_day(tasks, seed=1, share=share, staffing=staffing)


def walk(name: str, start: str = "base", window: tuple[int, int] = (0, HOUR)) -> Shift:
    return Shift(name, name, "walk", start, start, window, skills=frozenset({"bath"}), capacity={"boxes": 4})


def bath(window: tuple[int, int], *, crew: int = 1, seconds: int = 600, skill: str = "bath") -> Visit:
    return Visit("v", "home", (window,), tuple(Member(seconds, frozenset({skill})) for _ in range(crew)))


def meal(longest: int) -> Delivery:
    return Delivery(
        "d", Halt("base", ((0, HOUR),), 0), Halt("home", ((0, HOUR),), 0), load={"boxes": 1}, max_ride_seconds=longest
    )


def small(*tasks: Visit | Delivery, shifts: tuple[Shift, ...] = (walk("a"),), setup: int = 0) -> Problem:
    places = (Place("base", lonlat=(8.0, 49.0)), Place("home", lonlat=(8.0, 49.0 + NORTH), setup_seconds=setup))
    return Problem(
        places, {"walk": GreatCircle(1.3, 4.5)}, shifts,
        visits=tuple(task for task in tasks if isinstance(task, Visit)),
        deliveries=tuple(task for task in tasks if isinstance(task, Delivery)),
    )  # fmt: skip


def test_the_way_home_takes_116_seconds() -> None:
    assert tables(small())["walk"].seconds[0][1] == 116


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        (small(bath((0, 116))), []),  # there at 116
        (small(bath((0, 115))), ["v"]),
        (small(bath((0, 116)), setup=1), ["v"]),
        (small(bath((2884, 3600))), []),  # 2884 + 600 + 116 = 3600
        (small(bath((2885, 3600))), ["v"]),
        (small(bath((0, HOUR), skill="medical")), ["v"]),
        (small(replace(bath((0, HOUR)), excluded=frozenset({"a"}))), ["v"]),
        (small(bath((0, HOUR), crew=2)), ["v"]),
        (small(bath((0, HOUR), crew=2), shifts=(walk("a"), walk("b"))), []),
        (small(bath((0, 2 * HOUR), crew=2), shifts=(walk("a"), walk("b", window=(HOUR, 2 * HOUR)))), ["v"]),
        (small(meal(116)), []),
        (small(meal(115)), ["d"]),
        (small(replace(meal(116), load={"boxes": 5})), ["d"]),
        (small(replace(meal(116), skills=frozenset({"meals"}))), ["d"]),
        (small(replace(meal(116), dropoff=Halt("home", ((0, 115),), 0))), ["d"]),
        (small(replace(meal(116), dropoff=Halt("home", ((0, HOUR),), 3369))), ["d"]),  # 116 + 3369 + 116 = 3601
    ],
)  # fmt: skip
def test_what_fits_nobody_alone_is_proven_unservable(problem: Problem, found: list[str]) -> None:
    assert unservable(problem) == found


@pytest.mark.parametrize("seed", range(2))
def test_nothing_proven_unservable_is_ever_served(seed: int) -> None:
    """Two hours instead of eight: many tasks fit nobody, and the engine must leave out every one of them."""
    full = city_day(30, seed=seed)
    short = replace(
        full, shifts=tuple(replace(shift, window=(10 * HOUR, 12 * HOUR), breaks=()) for shift in full.shifts)
    )
    proven = set(unservable(short))
    plan = solve(short, seed=seed, time_limit_seconds=60, iterations=2)
    assert proven
    assert proven <= {entry.id for entry in plan.unassigned}


def test_a_peers_routes_become_a_plan_that_the_checker_can_judge() -> None:
    """A crew of two, together, and a meal; then a second member ten minutes late; then one who does not come."""
    shifts = (walk("a"), walk("b"))
    problem = small(bath((600, HOUR), crew=2), meal(200), shifts=shifts)
    a = {"shift": 0, "begin": 0, "steps": [["pickup", 1, 0], ["delivery", 1, 0], ["job", 0, 0]]}
    b = {"shift": 1, "begin": 0, "steps": [["job", 0, 1]]}
    plan = relaxed_plan(problem, [a, b])
    assert check(problem, plan) == []
    assert plan.unassigned == ()
    apart = relaxed_plan(problem, [a, {**b, "begin": 1200}])
    assert {violation.cause for violation in check(problem, apart)} == {"crew_stagger"}
    half = relaxed_plan(problem, [a])
    assert [entry.id for entry in half.unassigned] == ["v"]
    assert check(problem, half) == []
