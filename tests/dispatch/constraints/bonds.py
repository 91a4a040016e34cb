"""Relations, pins, the plan published before."""

from __future__ import annotations

from dispatch import Plan, Problem
from dispatch.objective import Objective
from dispatch.plan import Route, Stop
from dispatch.tasks import Pin, Relation, StopRef
from tests.dispatch.builders import MINUTE, minutes, problem, shift, visit
from tests.dispatch.constraints.row import NEAR_AND_FAR, Row, apart, cost, start


def published(name: str, shift_id: str, minute: int) -> Plan:
    at = minute * MINUTE
    return Plan("feasible", (Route(shift_id, (Stop("visit", name, at, at, at),)),))


def pinned(hold: str, minute: int | None = None) -> Problem:
    at = None if minute is None else minute * MINUTE
    pin = Pin("far", StopRef("visit", "v1"), hold, at)  # type: ignore[arg-type]  # one of the four
    return problem(shift("near"), shift("far", start="p9", end="p9"), visit(), pins=(pin,))


PAIR = (*NEAR_AND_FAR, visit("x", "p1"), visit("y", "p8"))

ROWS = (
    Row(
        "a sequence keeps its gap",
        "sequence gap",
        problem(*PAIR, relations=(Relation("sequence", ("x", "y"), minutes(30, 30)),)),
        apart(("x", 0), ("y", 0)),
        40 * MINUTE,
    ),
    Row(
        "the same caregiver comes",
        "same_caregiver",
        problem(*PAIR, relations=(Relation("same_caregiver", ("x", "y")),)),
        cost("travel_second"),
        16 * MINUTE,
    ),
    Row(
        "different caregivers come",
        "different_caregiver",
        problem(*NEAR_AND_FAR, visit("x"), visit("y"), relations=(Relation("different_caregiver", ("x", "y")),)),
        cost("travel_second"),
        18 * MINUTE,
    ),
    Row("a pin holds the caregiver", "pin:caregiver", pinned("caregiver"), cost("travel_second"), 16 * MINUTE),
    Row("a pin holds the time", "pin:time start_seconds", pinned("time", 100), start("v1"), 100 * MINUTE),
    Row("a pin holds both", "pin:both", pinned("both", 40), start("v1"), 40 * MINUTE),
    Row(
        "a pinned prefix comes first",
        "pin:prefix",
        problem(visit("far", "p9"), visit("near"), pins=(Pin("s1", StopRef("visit", "far"), "prefix"),)),
        start("far"),
        9 * MINUTE,
    ),
    Row(
        "another shift than published costs",
        "baseline moved_stop",
        problem(
            shift("a"),
            shift("b", start="p1", end="p1"),
            visit(),
            baseline=published("v1", "a", 1),
            objective=Objective(moved_stop=100),
        ),
        cost("moved_stop"),
        100,
    ),
    Row(
        "another time than published costs",
        "moved_second",
        problem(
            visit(windows=(minutes(60, 90),)), baseline=published("v1", "s1", 50), objective=Objective(moved_second=1)
        ),
        cost("moved_second"),
        10 * MINUTE,
    ),
)
