"""Constraints × engines: every constraint of the document on both engines, each by a number worked out by hand."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from dispatch import check, solve
from dispatch.objective import Objective
from dispatch.shifts import Aboard, Break, Shift
from dispatch.solving import solve_by_routing
from dispatch.tasks import Delivery, Halt, Member, Pin, Relation, Visit
from tests.dispatch.constraints import ENGINES, ROWS, Row, table

DOCS = Path(__file__).parents[2] / "docs" / "dispatch.md"
NAMES = {"id", "place", "kind", "of", "shift", "stop", "hold"}  # what a thing is called, not what binds it
KINDS = {"same_caregiver", "different_caregiver", "sequence", "pin:caregiver", "pin:time", "pin:both", "pin:prefix"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_keeps_a_constraint(engine: str, row: Row) -> None:
    if engine == "search":
        plan = solve(row.day, seed=7, time_limit_seconds=60, iterations=100)
    else:
        plan = solve_by_routing(row.day, seed=7, time_limit_seconds=0.4)
    assert check(row.day, plan) == []
    assert row.measure(plan) == row.expected


def test_every_constraint_of_the_document_has_its_row() -> None:
    kinds = (Visit, Member, Delivery, Halt, Shift, Break, Aboard, Relation, Pin, Objective)
    wanted = {part.name for kind in kinds for part in fields(kind)} - NAMES | KINDS | {"baseline", "setup_seconds"}
    assert wanted - {name for row in ROWS for name in row.fields.split()} == set()


def test_the_documentation_holds_the_table_of_today() -> None:
    assert table() in DOCS.read_text(encoding="utf-8"), "python -m tests.dispatch.constraints prints it anew"
