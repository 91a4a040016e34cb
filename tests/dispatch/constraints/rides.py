"""Deliveries and rides."""

from __future__ import annotations

from dispatch.shifts import Aboard
from tests.dispatch.builders import MINUTE, meal, problem, shift, visit
from tests.dispatch.constraints.row import Row, start

ROWS = (
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
)
