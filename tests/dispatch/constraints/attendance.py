"""Windows, crews, skills and the places of visits."""

from __future__ import annotations

from dispatch.objective import Objective
from dispatch.tasks import Member
from tests.dispatch.builders import MINUTE, minutes, problem, shift, visit
from tests.dispatch.constraints.row import BATH, NEAR_AND_FAR, Row, apart, cost, start, total

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
)
