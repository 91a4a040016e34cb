"""Weights, setup and what binds an elder."""

from __future__ import annotations

from dispatch.objective import Objective
from tests.dispatch.builders import HOUR, MINUTE, meal, minutes, problem, shift, visit
from tests.dispatch.constraints.row import AT_ONE, Row, apart, cost, total

ROWS = (
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
