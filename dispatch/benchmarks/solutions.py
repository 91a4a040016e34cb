"""The files that solutions are handed over in, so that anybody can judge them.

Routing: CVRPLIB's text, `Route #1: 3 7 …` per vehicle that is used, nodes without the depot, and `Cost …`.
Home care: JSON, `{"routes": [[[patient, service, start], …], …]}`: a route per caregiver in the order of the
instance's file, an idle one's empty; patients and services count from 0 in file order, starts are in minutes.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from dispatch.benchmarks.errors import BadSolution

_ROUTE = re.compile(r"Route #(\d+):((?: +\d{1,9})*) *")
_COST = re.compile(r"Cost:? +(\d+(?:\.\d+)?) *")


@dataclass(frozen=True, slots=True)
class NodeRoutes:
    """The nodes of each vehicle in driving order, and the cost the file states, if any."""

    routes: tuple[tuple[int, ...], ...]
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    """One service given to a patient."""

    patient: int
    service: int
    start: float


@dataclass(frozen=True, slots=True)
class CareRoutes:
    """What each caregiver gives, in order."""

    routes: tuple[tuple[Attendance, ...], ...]


def write_nodes(solution: NodeRoutes) -> str:
    """CVRPLIB's text of a solution."""
    lines = [f"Route #{number}: {' '.join(map(str, route))}" for number, route in enumerate(solution.routes, start=1)]
    if solution.cost is not None:
        lines.append(f"Cost {solution.cost:.12g}")
    return "\n".join(lines) + "\n"


def read_nodes(text: str, source: str) -> NodeRoutes:
    """The solution in CVRPLIB's text. Raises BadSolution naming the line."""
    routes: list[tuple[int, ...]] = []
    cost: float | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if cost is not None:
            raise BadSolution(source, number, "nothing may follow the cost")
        if route := _ROUTE.fullmatch(line):
            if int(route[1]) != len(routes) + 1:
                raise BadSolution(source, number, f"expected route {len(routes) + 1}, found route {route[1]}")
            routes.append(tuple(int(node) for node in route[2].split()))
        elif stated := _COST.fullmatch(line):
            cost = float(stated[1])
        else:
            raise BadSolution(source, number, f"expected 'Route #1: 3 7' or 'Cost 12', found {line[:60]!r}")
    return NodeRoutes(tuple(routes), cost)


def write_care(solution: CareRoutes) -> str:
    """The JSON of a solution, a caregiver's route per line."""
    rows = (
        json.dumps([[one.patient, one.service, round(one.start, 6)] for one in route], allow_nan=False)
        for route in solution.routes
    )
    return '{"routes": [\n  ' + ",\n  ".join(rows) + "\n]}\n"


def read_care(text: str, source: str) -> CareRoutes:
    """The solution in a JSON text. Raises BadSolution, with the line where the text is no JSON."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadSolution(source, error.lineno, error.msg) from error
    except (ValueError, RecursionError) as error:
        raise BadSolution(source, None, "is no JSON that can be read") from error
    routes = value.get("routes") if isinstance(value, dict) else None
    if not isinstance(routes, list) or not all(isinstance(route, list) for route in routes):
        raise BadSolution(source, None, 'expected {"routes": [[[patient, service, start], ..], ..]}')
    return CareRoutes(
        tuple(
            tuple(_attendance(entry, source, f"/routes/{index}/{place}") for place, entry in enumerate(route))
            for index, route in enumerate(routes)
        )
    )


def _attendance(entry: object, source: str, pointer: str) -> Attendance:
    if isinstance(entry, list) and len(entry) == 3:
        patient, service, start = entry
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (patient, service))
        if whole and isinstance(start, int | float) and not isinstance(start, bool) and math.isfinite(start):
            return Attendance(patient, service, float(start))
    raise BadSolution(source, None, f"{pointer}: expected [patient, service, start]")
