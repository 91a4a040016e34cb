"""`python -m dispatch bound`: how far a plan is from the cheapest, at the most."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.document import dump_plan, to_json
from dispatch.errors import DayTooLarge
from dispatch.proof.bound import Bound, lower_bound
from dispatch.terminal import PlanFile, ProblemFile, bad, limit, read_problem_file, read_valid, refuse_unwritable, write


def bound_command(
    problem: ProblemFile,
    plan: PlanFile,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the cheapest plan met goes.")] = None,
    seconds: Annotated[float, limit("How long to prove.")] = 30.0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads of CP-SAT.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON instead of words.")] = False,
) -> None:
    """Prove how cheap any plan of a small day can be.

    With -o, the cheapest plan met, the given one or a better, is written. Better bounds go to stderr as they come.
    Exit 2 if the day is too large."""
    refuse_unwritable(output, problem)
    read = read_problem_file(problem)
    given = read_valid(read, plan)
    try:
        found = lower_bound(read, given, seconds=seconds, workers=workers, told=_Teller(given.cost["total"]))
    except DayTooLarge as error:
        bad([f"{problem}: {error}"])
    if output is not None:
        write(to_json(dump_plan(found.plan)), output)
    typer.echo(_figures(found, given.cost["total"]) if as_json else _words(found, given.cost["total"]))


class _Teller:
    """Says the bound whenever it has risen by a thousandth of the plan's cost."""

    def __init__(self, cost: int) -> None:
        self.step, self.last = cost / 1000, -1.0

    def __call__(self, seconds: float, lower: int) -> None:
        if self.last < 0 or lower >= self.last + self.step:
            self.last = lower
            sys.stderr.write(f"{seconds:7.2f} s  no plan costs less than {lower}\n")
            sys.stderr.flush()


def _figures(found: Bound, given: int) -> str:
    figures = {
        "cost": given, "best": found.plan.cost["total"], "lower": found.lower, "optimal": found.is_optimal,
        "seconds": found.seconds,
    }  # fmt: skip
    return json.dumps(figures)


def _words(found: Bound, given: int) -> str:
    best = found.plan.cost["total"]
    lines = [f"the plan costs {given}"]
    if best < given:
        lines.append(f"a plan was found that costs {best}")
    if found.is_optimal:
        lines.append(f"no plan costs less than {best}: proved")
    else:
        most = 100 * (best - found.lower) / max(1, found.lower)
        lines.append(f"no plan costs less than {found.lower}: {best} is at most {most:.1f} % above the cheapest")
    return "\n".join(lines)
