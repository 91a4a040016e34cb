"""Every constraint and weight of the problem document once: a tiny day, what is measured, and the number worked out by
hand, which both engines must reach. `python -m tests.dispatch.constraints` prints the table of docs/dispatch.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dispatch import Plan, Problem
from dispatch.objective import Objective
from dispatch.places import Dense
from dispatch.plan import Route, Stop
from dispatch.shifts import Aboard
from dispatch.tasks import Member, Pin, Relation, StopRef
from tests.dispatch.builders import HOUR, MINUTE, lunch, meal, minutes, problem, shift, start_of, visit

BATH = frozenset({"bath"})
ENGINES = ("search", "routing")


@dataclass(frozen=True)
class Row:
    """`fields` are the names in the document (relations and pins: with their kind) that the day turns on."""

    name: str
    fields: str
    day: Problem
    measure: Callable[[Plan], int]
    expected: int


def cost(term: str) -> Callable[[Plan], int]:
    return lambda plan: plan.cost[term]


def start(task: str, kind: str = "visit") -> Callable[[Plan], int]:
    return lambda plan: start_of(plan, task, kind)


def apart(one: tuple[str, int], two: tuple[str, int]) -> Callable[[Plan], int]:
    return lambda plan: start_of(plan, two[0], member=two[1]) - start_of(plan, one[0], member=one[1])


def total(name: str) -> Callable[[Plan], int]:
    return lambda plan: sum(route.totals[name] for route in plan.routes)


def most_aboard(plan: Plan) -> int:
    return max(stop.load["boxes"] for route in plan.routes for stop in route.stops)


def published(name: str, shift_id: str, minute: int) -> Plan:
    at = minute * MINUTE
    return Plan("feasible", (Route(shift_id, (Stop("visit", name, at, at, at),)),))


def on_foot() -> Problem:
    day = problem(shift(mode="walk"), visit(place="p3"))
    dense = day.travel["bike"]
    assert isinstance(dense, Dense)
    return replace(day, travel={"walk": replace(dense, seconds=tuple(tuple(3 * s for s in r) for r in dense.seconds))})


def pinned(hold: str, minute: int | None = None) -> Problem:
    at = None if minute is None else minute * MINUTE
    pin = Pin("far", StopRef("visit", "v1"), hold, at)  # type: ignore[arg-type]  # one of the four
    return problem(shift("near"), shift("far", start="p9", end="p9"), visit(), pins=(pin,))


NEAR_AND_FAR = (shift("a"), shift("b", start="p9", end="p9"))
PAIR = (*NEAR_AND_FAR, visit("x", "p1"), visit("y", "p8"))
AT_ONE = (minutes(1, 1),)
LONG = visit("long", "p1", windows=(minutes(5, 5),), crew=(Member(30 * MINUTE),), mandatory=True)
ROWS = (
    Row(
        "a hard window is waited for",
        "windows",
        problem(visit(place="p3", windows=(minutes(60, 90),))),
        start("v1"),
        60 * MINUTE,
    ),
    Row(
        "of several windows the next is taken",
        "windows",
        problem(LONG, visit("torn", "p1", windows=(minutes(0, 10), minutes(50, 60)))),
        start("torn"),
        50 * MINUTE,
    ),
    Row(
        "a soft window costs its weight",
        "late_second",
        problem(LONG, visit("late", "p1", windows=(minutes(5, 20),), late_second=3)),
        cost("late_second"),
        3 * 15 * 60,
    ),
    Row(
        "the latest stop costs again",
        "max_late_second",
        problem(
            visit("x", windows=(minutes(0, 1),), late_second=1),
            visit("y", windows=(minutes(0, 5),), late_second=1),
            objective=Objective(max_late_second=5),
        ),
        cost("max_late_second"),
        5 * 6 * 60,
    ),
    Row(
        "each crew member serves as long as she must",
        "crew service_seconds",
        problem(*NEAR_AND_FAR, visit(crew=(Member(600), Member(1200)))),
        total("service_seconds"),
        30 * MINUTE,
    ),
    Row(
        "a crew starts at one moment",
        "crew",
        problem(*NEAR_AND_FAR, visit(place="p2", crew=2)),
        start("v1"),
        7 * MINUTE,
    ),
    Row(
        "a second member starts later by the stagger",
        "stagger",
        problem(*NEAR_AND_FAR, visit(crew=2, stagger=minutes(25, 25))),
        apart(("v1", 0), ("v1", 1)),
        25 * MINUTE,
    ),
    Row(
        "only who has the skill comes",
        "skills",
        problem(
            shift("near", start="p9", end="p9"),
            shift("able", skills=BATH),
            visit(place="p9", crew=(Member(600, BATH),)),
        ),
        cost("travel_second"),
        18 * MINUTE,
    ),
    Row(
        "a shift is back before it ends",
        "window start",
        problem(shift(window=minutes(0, 15)), visit(place="p3")),
        cost("unserved"),
        50 * 100_000,
    ),
    Row(
        "without an end she stays at her last stop",
        "end",
        problem(shift(end=None), visit(place="p3")),
        cost("travel_second"),
        3 * MINUTE,
    ),
    Row(
        "a visit may be left from elsewhere",
        "end",
        problem(visit(place="p2", end="p5")),
        cost("travel_second"),
        7 * MINUTE,
    ),
    Row("the mode decides how long ways take", "mode", on_foot(), cost("travel_second"), 18 * MINUTE),
    Row(
        "the load stays within the capacity",
        "capacity load",
        problem(
            shift(capacity={"boxes": 8}),
            *(meal(f"d{k}", "p1", "p9", max_ride_seconds=12 * MINUTE, load={"boxes": 4}) for k in range(3)),
        ),
        most_aboard,
        8,
    ),
    Row(
        "boxes that do not fit are fetched on another trip",
        "capacity",
        problem(shift(capacity={"boxes": 1}), meal("x"), meal("y")),
        cost("travel_second"),
        10 * MINUTE,
    ),
    Row(
        "a break lies between two stops in its window",
        "breaks seconds",
        problem(
            shift(breaks=(lunch(),)),
            visit("morning", windows=(minutes(100, 100),), crew=(Member(HOUR),)),
            visit("noon", windows=(minutes(181, 240),)),
        ),
        start("noon"),
        190 * MINUTE,
    ),
    Row(
        "work stays within its limit",
        "max_work_seconds",
        problem(shift(max_work_seconds=11 * MINUTE), visit()),
        cost("unserved"),
        50 * 100_000,
    ),
    Row(
        "overtime is paid",
        "overtime_after_seconds overtime_second",
        problem(shift(overtime_after_seconds=HOUR), visit(crew=(Member(HOUR),))),
        cost("overtime_second"),
        2 * 120,
    ),
    Row(
        "overtime has a limit",
        "max_overtime_seconds",
        problem(shift(overtime_after_seconds=HOUR, max_overtime_seconds=119), visit(crew=(Member(HOUR),))),
        cost("unserved"),
        50 * 100_000,
    ),
    Row(
        "whom the task excludes never comes",
        "excluded caregiver",
        problem(shift("a", start="p1", end="p1"), shift("b"), visit(excluded=frozenset({"c-a"}))),
        cost("travel_second"),
        2 * MINUTE,
    ),
    Row(
        "a preferred caregiver is worth her bonus",
        "preferred unpreferred",
        problem(shift("near", start="p1", end="p1"), shift("liked"), visit(preferred={"c-liked": 119})),
        cost("unpreferred"),
        119,
    ),
    Row(
        "mandatory comes before any priority",
        "mandatory",
        problem(visit("must", priority=1, mandatory=True, windows=AT_ONE), visit("may", priority=100, windows=AT_ONE)),
        cost("unserved"),
        100 * 100_000,
    ),
    Row(
        "the higher priority is served",
        "priority unserved",
        problem(visit("low", priority=30, windows=AT_ONE), visit("high", priority=80, windows=AT_ONE)),
        cost("unserved"),
        3_000_000,
    ),
    Row("what is picked up is dropped off", "pickup dropoff", problem(meal()), start("d1", "dropoff"), 4 * MINUTE),
    Row(
        "a ride limit forbids a detour",
        "max_ride_seconds",
        problem(meal(max_ride_seconds=2 * MINUTE), visit("between", "p2")),
        start("between"),
        6 * MINUTE,
    ),
    Row(
        "a direct ride has nothing in between",
        "direct",
        problem(meal(dropoff="p9", direct=True), visit("other", "p5")),
        start("other"),
        15 * MINUTE,
    ),
    Row(
        "what is aboard is dropped off",
        "aboard delivery picked_up_seconds",
        problem(shift(aboard=(Aboard("d1", 0),)), meal(dropoff="p9", max_ride_seconds=9 * MINUTE)),
        start("d1", "dropoff"),
        9 * MINUTE,
    ),
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
    Row(
        "uneven work costs",
        "unfair_second",
        problem(shift("a"), shift("b"), visit(), objective=Objective(unfair_second=1)),
        cost("unfair_second"),
        6 * MINUTE,
    ),
    Row(
        "setup is paid once per stay",
        "setup_seconds",
        problem(*(meal(f"d{k}", ready=(minutes(10, 60),), max_ride_seconds=HOUR) for k in range(3)), setup={"p1": 300}),
        total("setup_seconds"),
        300,
    ),
    Row(
        "an elder's visits do not overlap",
        "elder",
        problem(shift("a"), shift("b"), visit("x", elder="li"), visit("y", elder="li")),
        lambda plan: abs(apart(("x", 0), ("y", 0))(plan)),
        10 * MINUTE,
    ),
    Row(
        "waiting costs",
        "wait_second",
        problem(visit("x", windows=AT_ONE), visit("y", windows=(minutes(31, 31),)), objective=Objective(wait_second=5)),
        cost("wait_second"),
        5 * 20 * 60,
    ),
    Row(
        "a used shift costs",
        "shift_used",
        problem(shift("a"), shift("b"), visit(), objective=Objective(shift_used=777)),
        cost("shift_used"),
        777,
    ),
    Row(
        "a shift scales the weights",
        "cost travel_second",
        problem(shift(cost={"travel_second": 2.5}), visit(place="p2")),
        cost("travel_second"),
        600,
    ),
    Row(
        "metres cost",
        "travel_metre",
        problem(visit(place="p2"), objective=Objective(travel_metre=1)),
        cost("travel_metre"),
        400,
    ),
)


def table() -> str:
    """The rows as a table of the documentation."""
    head = (
        "| constraint or weight | fields | worked out by hand | " + " | ".join(ENGINES) + " |\n|---|---|---|---|---|\n"
    )
    lines = (
        f"| {row.name} | {', '.join(f'`{field}`' for field in row.fields.split())} | {row.expected} | yes | yes |\n"
        for row in ROWS
    )
    return head + "".join(lines)


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201  # this is its purpose
