"""The documents `liuzhu/problem@1` and `liuzhu/plan@1`: JSON → values and back, symmetrically.

Whatever is wrong is named by JSON pointer, code and detail; nothing is guessed, nothing dropped.
"""

from __future__ import annotations

import json
from typing import Any

from dispatch.document.places import dump_place, dump_travel, read_place, read_travel
from dispatch.document.plans import dump_plan, plan_value
from dispatch.document.reader import Faults, Reader, Unreadable, escape, parse_json, shown
from dispatch.document.references import judge
from dispatch.document.shifts import dump_shift, read_shift
from dispatch.document.tasks import (
    dump_pin,
    dump_relation,
    dump_task,
    read_delivery,
    read_pin,
    read_relation,
    read_visit,
)
from dispatch.errors import Fault, PlanInvalid, ProblemInvalid
from dispatch.objective import TERMS, Objective
from dispatch.plan import Plan
from dispatch.problem import Problem

PROBLEM_FORMAT = "liuzhu/problem@1"
MOST_WEIGHT = 10**8
MOST_TASKS = MOST_PLACES = 100_000  # visits and deliveries each; larger days are planned district by district
MOST_SHIFTS = 10_000

__all__ = ["dump_plan", "dump_problem", "parse_plan", "parse_problem", "read_plan", "read_problem", "to_json"]


def parse_problem(text: str | bytes) -> Problem:
    """The problem in a JSON text. Raises ProblemInvalid naming every fault."""
    try:
        return read_problem(parse_json(text))
    except Unreadable as error:
        raise ProblemInvalid([Fault("", "json", str(error))]) from error


def parse_plan(text: str | bytes) -> Plan:
    """The plan in a JSON text. Raises PlanInvalid naming every fault."""
    try:
        return read_plan(parse_json(text))
    except Unreadable as error:
        raise PlanInvalid([Fault("", "json", str(error))]) from error


def read_plan(value: object) -> Plan:
    """The plan in a JSON value. Raises PlanInvalid naming every fault."""
    faults = Faults()
    plan = plan_value(value, "", faults)
    if faults.found:
        raise PlanInvalid(faults.found)
    return plan


def read_problem(value: object) -> Problem:
    """The problem in a JSON value. Raises ProblemInvalid naming every fault."""
    faults = Faults()
    reader = Reader(value, "", faults)
    found = reader.take("format")
    if found != PROBLEM_FORMAT and "format" in reader.fields:
        reader.fault("format", "format", f"expected {PROBLEM_FORMAT!r}, found {shown(found)}")
    places = reader.items("places", lambda entry, at: read_place(entry, at, faults), required=True, most=MOST_PLACES)
    travel = reader.mapping("travel", lambda entry, at: read_travel(entry, at, faults, places))
    baseline = reader.take("baseline", required=False)
    problem = Problem(
        places=tuple(places),
        travel=travel,
        shifts=tuple(
            reader.items("shifts", lambda entry, at: read_shift(entry, at, faults), required=True, most=MOST_SHIFTS)
        ),
        visits=tuple(reader.items("visits", lambda entry, at: read_visit(entry, at, faults), most=MOST_TASKS)),
        deliveries=tuple(
            reader.items("deliveries", lambda entry, at: read_delivery(entry, at, faults), most=MOST_TASKS)
        ),
        relations=tuple(reader.items("relations", lambda entry, at: read_relation(entry, at, faults))),
        pins=tuple(reader.items("pins", lambda entry, at: read_pin(entry, at, faults))),
        baseline=None if baseline is None else plan_value(baseline, "/baseline", faults),
        objective=_objective(reader),
        ticks_per_unit=reader.integer("ticks_per_unit", least=1, most=10**6, default=1),
    )
    reader.close()
    judge(problem, faults)
    if faults.found:
        raise ProblemInvalid(faults.found)
    return problem


def _objective(reader: Reader) -> Objective:
    value = reader.take("objective", required=False)
    if value is None:
        return Objective()
    weights = Reader(value, reader.at(escape("objective")), reader.faults)
    defaults = Objective()
    read = {term: weights.integer(term, least=0, most=MOST_WEIGHT, default=getattr(defaults, term)) for term in TERMS}
    weights.close()
    return Objective(**read)


def dump_problem(problem: Problem) -> dict[str, Any]:
    """The document of a problem: `read_problem` gives the same value back."""
    found: dict[str, Any] = {
        "format": PROBLEM_FORMAT,
        "places": [dump_place(place) for place in problem.places],
        "travel": {mode: dump_travel(model) for mode, model in problem.travel.items()},
        "shifts": [dump_shift(shift) for shift in problem.shifts],
        "visits": [dump_task(visit) for visit in problem.visits],
        "deliveries": [dump_task(delivery) for delivery in problem.deliveries],
        "relations": [dump_relation(relation) for relation in problem.relations],
        "pins": [dump_pin(pin) for pin in problem.pins],
        "objective": {term: getattr(problem.objective, term) for term in TERMS},
    }
    if problem.baseline is not None:
        found["baseline"] = dump_plan(problem.baseline)
    if problem.ticks_per_unit != 1:
        found["ticks_per_unit"] = problem.ticks_per_unit
    return found


def to_json(document: dict[str, Any]) -> str:
    """A document as indented UTF-8 text."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
