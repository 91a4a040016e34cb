"""Shifts: hours, ends, modes, capacity, breaks, work and overtime."""

from __future__ import annotations

from dataclasses import replace

from dispatch import Plan, Problem
from dispatch.places import Dense
from dispatch.tasks import Member
from tests.dispatch.builders import HOUR, MINUTE, lunch, meal, minutes, problem, shift, visit
from tests.dispatch.constraints.row import Row, cost, start


def on_foot() -> Problem:
    day = problem(shift(mode="walk"), visit(place="p3"))
    dense = day.travel["bike"]
    assert isinstance(dense, Dense)
    return replace(day, travel={"walk": replace(dense, seconds=tuple(tuple(3 * s for s in r) for r in dense.seconds))})


def most_aboard(plan: Plan) -> int:
    return max(stop.load["boxes"] for route in plan.routes for stop in route.stops)


ROWS = (
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
)
