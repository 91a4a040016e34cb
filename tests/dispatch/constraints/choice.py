"""Who is wanted, and what comes first."""

from __future__ import annotations

from tests.dispatch.builders import MINUTE, problem, shift, visit
from tests.dispatch.constraints.row import AT_ONE, Row, cost

ROWS = (
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
)
