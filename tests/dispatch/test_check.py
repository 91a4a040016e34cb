"""The checker finds each violation planted into a valid plan, and names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dispatch import Plan, Problem, check, solve
from dispatch.objective import Objective
from dispatch.plan import Route, Stop, Unassigned
from dispatch.shifts import Break, Shift
from dispatch.tasks import Member, Pin, Relation, StopRef, Visit
from tests.dispatch.builders import HOUR, MINUTE, lunch, meal, minutes, planned, problem, shift, visit

Change = Callable[[Stop], Stop]


def day() -> Problem:
    """Two shifts, a crew, a lunch break, two boxes, an elder with two visits, a sequence."""
    return problem(
        shift("a", breaks=(lunch(120, 180),), overtime_after_seconds=9 * HOUR, max_overtime_seconds=HOUR),
        shift("b", window=minutes(0, 500), max_work_seconds=8 * HOUR, skills=frozenset({"bath"})),
        visit("crew", "p2", windows=(minutes(60, 70),), crew=2),
        visit("one", "p4", windows=(minutes(100, 110),), crew=(Member(600, frozenset({"bath"})),), elder="e"),
        visit("two", "p4", windows=(minutes(200, 300),), elder="e", late_second=2, preferred={"c-a": 5}),
        visit("three", "p5", windows=(minutes(230, 330),), excluded=frozenset({"c-x"})),
        meal("box", "p1", "p3", ready=(minutes(20, 30),), max_ride_seconds=30 * MINUTE),
        meal("soup", "p1", "p3", ready=(minutes(20, 30),), max_ride_seconds=30 * MINUTE, direct=False),
        relations=(Relation("sequence", ("one", "two"), minutes(30, 300)),),
        setup={"p1": 120},
    )  # fmt: skip


@pytest.fixture(scope="module")
def valid() -> tuple[Problem, Plan]:
    found = day()
    plan = solve(found, seed=3, time_limit_seconds=5, iterations=10)
    assert check(found, plan) == []
    assert plan.unassigned == ()
    return found, plan


def causes(found: Problem, plan: Plan) -> set[str]:
    return {violation.cause for violation in check(found, plan)}


def altered(plan: Plan, key: tuple[str, str, int], change: Change) -> Plan:
    """The plan with one stop changed and nothing else."""

    def stops(route: Route) -> tuple[Stop, ...]:
        return tuple(change(stop) if stop.key == key else stop for stop in route.stops)

    return replace(plan, routes=tuple(replace(route, stops=stops(route)) for route in plan.routes))


@pytest.mark.parametrize(
    ("key", "field", "cause"),
    [
        (("visit", "one", 0), "travel_seconds", "travel"),
        (("visit", "one", 0), "travel_metres", "travel"),
        (("visit", "one", 0), "arrival", "arrival"),
        (("visit", "one", 0), "wait", "wait"),
        (("visit", "one", 0), "setup_seconds", "setup"),
        (("visit", "one", 0), "departure", "service"),
        (("visit", "crew", 1), "start", "crew_stagger"),
    ],
)
def test_every_figure_of_a_stop_is_worked_out_again(
    valid: tuple[Problem, Plan], key: tuple[str, str, int], field: str, cause: str
) -> None:
    found, plan = valid
    broken = altered(plan, key, lambda stop: replace(stop, **{field: getattr(stop, field) + 1}))
    assert cause in causes(found, broken)


def test_a_wrong_load_is_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    assert "load" in causes(found, altered(plan, ("pickup", "box", 0), lambda s: replace(s, load={"boxes": 9})))


def test_a_wrong_total_status_or_cost_is_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    first = plan.routes[0]
    off = replace(first, totals={**first.totals, "wait_seconds": 1 + first.totals["wait_seconds"]})
    assert causes(found, replace(plan, routes=(off, *plan.routes[1:]))) == {"totals"}
    assert causes(found, replace(plan, status="infeasible")) == {"status"}
    assert causes(found, replace(plan, cost={**plan.cost, "late_second": 1})) == {"cost"}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"skills": frozenset()}, "skill"),
        ({"window": minutes(110, 500)}, "shift_window"),
        ({"max_work_seconds": 60}, "max_work"),
        ({"overtime_after_seconds": 0, "max_overtime_seconds": 60}, "overtime"),
        ({"capacity": {"boxes": 0}}, "capacity"),
    ],
)
def test_each_limit_of_a_shift_is_judged(valid: tuple[Problem, Plan], changes: dict[str, object], cause: str) -> None:
    found, plan = valid
    shifts = tuple(replace(held, **changes) for held in found.shifts)  # type: ignore[arg-type]
    assert cause in causes(replace(found, shifts=shifts), plan)


@pytest.mark.parametrize(
    ("task", "changes", "cause"),
    [
        ("one", {"windows": (minutes(500, 510),)}, "window"),
        ("three", {"excluded": frozenset({"c-a", "c-b"})}, "excluded"),
        ("crew", {"stagger": minutes(1, 9)}, "crew_stagger"),
        ("two", {"elder": "other", "crew": (Member(1),)}, "service"),
    ],
)
def test_each_rule_of_a_visit_is_judged(
    valid: tuple[Problem, Plan], task: str, changes: dict[str, object], cause: str
) -> None:
    found, plan = valid
    visits = tuple(replace(v, **changes) if v.id == task else v for v in found.visits)  # type: ignore[arg-type]
    assert cause in causes(replace(found, visits=visits), plan)


def test_a_longer_ride_than_allowed_is_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    boxes = tuple(replace(box, max_ride_seconds=10) for box in found.deliveries)
    assert "max_ride" in causes(replace(found, deliveries=boxes), plan)


def test_something_between_the_ends_of_a_direct_delivery_is_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid  # box and soup are fetched together, so one lies between the other's ends
    boxes = tuple(replace(box, direct=True) for box in found.deliveries)
    assert "direct" in causes(replace(found, deliveries=boxes), plan)


def test_relations_pins_and_elders_are_judged(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    starts = plan.starts()
    where = {key: shift_id for key, (shift_id, _) in starts.items()}
    other = "b" if where[("visit", "three", 0)] == "a" else "a"

    def with_relation(kind: str, *of: str, gap: tuple[int, int] = (0, 1)) -> set[str]:
        return causes(replace(found, relations=(Relation(kind, of, gap),)), plan)  # type: ignore[arg-type]

    assert "sequence_gap" in with_relation("sequence", "one", "two")
    assert "different_caregiver" in with_relation("different_caregiver", "crew", "three")
    moved = Pin(other, StopRef("visit", "three"), "caregiver")
    assert causes(replace(found, pins=(moved,)), plan) == {"pin_caregiver"}
    timed = Pin("a", StopRef("visit", "three"), "time", starts[("visit", "three", 0)][1] + 1)
    assert "pin_time" in causes(replace(found, pins=(timed,)), plan)
    last = next(route for route in plan.routes if route.shift == where[("visit", "three", 0)]).stops[-2]
    head = Pin(where[last.key], StopRef("visit", last.id, last.member), "prefix")
    assert "pin_prefix" in causes(replace(found, pins=(head,)), plan)


def test_overlapping_visits_of_one_elder_are_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    visits = tuple(
        replace(v, elder="e", crew=(replace(v.crew[0], service_seconds=4 * HOUR),)) if v.id == "one" else v
        for v in found.visits
    )
    long = altered(plan, ("visit", "one", 0), lambda s: replace(s, departure=s.start + 4 * HOUR))
    assert "elder_overlap" in causes(replace(found, visits=visits), long)


def test_a_break_left_out_or_out_of_its_window_is_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid

    def rests(*breaks: object) -> Problem:
        shifts = tuple(replace(s, breaks=breaks) if s.id == "a" else s for s in found.shifts)  # type: ignore[arg-type]
        return replace(found, shifts=shifts)

    owed = lunch(65, 66)  # while a member of the crew serves from minute 60 to 70
    assert "break_missing" in causes(rests(*found.shifts[0].breaks, replace(owed, id="tea")), plan)


def test_of_several_breaks_some_are_taken_before_the_route_and_others_after_it() -> None:
    away = visit(windows=(minutes(21, 21),), crew=(Member(38 * MINUTE),))  # away from 0:20 to 1:00
    plan = planned(problem(away))
    one, two, three = (
        Break(name, minutes(*window), length * MINUTE)
        for name, window, length in (("one", (0, 60), 10), ("two", (0, 61), 20), ("three", (60, 70), 5))
    )
    held = shift(breaks=(one, two, three))  # two until 0:20; one from 1:00, three from 1:10
    assert check(problem(held, away), plan) == []
    longer = replace(held, breaks=(one, replace(two, seconds=21 * MINUTE), three))
    assert causes(problem(longer, away), plan) == {"break_missing"}


def without(plan: Plan, drop: tuple[str, str, int]) -> Plan:
    routes = tuple(replace(r, stops=tuple(s for s in r.stops if s.key != drop)) for r in plan.routes)
    return replace(plan, routes=routes)


def test_half_a_crew_and_half_a_delivery_are_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    assert "crew_incomplete" in causes(found, without(plan, ("visit", "crew", 1)))
    assert "pickup_shift" in causes(found, without(plan, ("pickup", "box", 0)))


def test_a_lost_a_doubled_and_an_unknown_task_are_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    assert causes(found, without(plan, ("visit", "one", 0))) == {"missing_task"}
    assert causes(found, replace(plan, unassigned=(Unassigned("one"),))) == {"served_and_unassigned"}
    assert "unknown_stop" in causes(found, replace(plan, unassigned=(Unassigned("nobody"),)))
    renamed = altered(plan, ("visit", "one", 0), lambda stop: replace(stop, id="nobody"))
    assert causes(found, renamed) == {"unknown_stop", "missing_task"}
    first = plan.routes[0]
    assert "duplicate_route" in causes(found, replace(plan, routes=(*plan.routes, first)))
    assert "unknown_shift" in causes(found, replace(plan, routes=(replace(first, shift="x"), *plan.routes[1:])))
    headless = replace(first, stops=first.stops[1:])
    assert "route_shape" in causes(found, replace(plan, routes=(headless, *plan.routes[1:])))


def test_swapped_ends_of_a_delivery_are_named(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid

    def swap(route: Route) -> Route:
        stops = list(route.stops)
        at = [index for index, stop in enumerate(stops) if stop.id == "box"]
        if len(at) == 2:
            stops[at[0]], stops[at[1]] = stops[at[1]], stops[at[0]]
        return replace(route, stops=tuple(stops))

    assert "pickup_order" in causes(found, replace(plan, routes=tuple(swap(route) for route in plan.routes)))


def test_one_caregiver_cannot_stand_for_a_crew() -> None:
    found = problem(shift("a"), shift("b"), visit(crew=2))
    plan = solve(found, seed=1, time_limit_seconds=2, iterations=3)
    same: tuple[Shift, ...] = tuple(replace(held, caregiver="c") for held in found.shifts)
    assert "crew_caregiver" in causes(replace(found, shifts=same), plan)


def test_a_cost_is_recomputed_from_the_weights(valid: tuple[Problem, Plan]) -> None:
    found, plan = valid
    dearer = replace(found, objective=Objective(travel_second=2))
    named = {violation.detail.split(":")[0] for violation in check(dearer, plan)}
    assert named == {"travel_second", "total"}


def test_the_same_caregiver_rule_looks_at_first_members() -> None:
    asked: list[Visit] = [visit("x", "p1", windows=(minutes(1, 1),)), visit("y", "p1", windows=(minutes(1, 1),))]
    found = problem(shift("a"), shift("b"), *asked)
    plan = solve(found, seed=1, time_limit_seconds=2, iterations=3)
    assert len(plan.routes) == 2
    bound = replace(found, relations=(Relation("same_caregiver", ("x", "y")),))
    assert causes(bound, plan) == {"same_caregiver"}
