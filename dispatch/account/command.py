"""`python -m dispatch why` and `diff`: accounts at the terminal, in words or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from dispatch.account.difference import difference
from dispatch.account.why import why
from dispatch.account.words import difference_in_words, why_in_words
from dispatch.errors import UnknownStop
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.tasks import Delivery
from dispatch.terminal import PlanFile, ProblemFile, bad, read_problem_file, read_valid

KINDS = ("visit", "pickup", "dropoff")


class Tongue(StrEnum):
    """What the words are in."""

    ZH = "zh"
    EN = "en"


Language = Annotated[Tongue, typer.Option("--language", help="What the words are in.")]
AsJson = Annotated[bool, typer.Option("--json", help="Figures as JSON instead of words.")]


def why_command(
    problem: ProblemFile,
    plan: PlanFile,
    stop: Annotated[str, typer.Argument(help="visit:ID, pickup:ID, dropoff:ID, or an ID alone.")],
    member: Annotated[int, typer.Option(min=0, help="Which of a crew, from 0.")] = 0,
    language: Language = Tongue.EN,
    as_json: AsJson = False,  # an option of the command line
) -> None:
    """Say why a stop is where it is: its cost, and what every other caregiver or place would cost more."""
    read = read_problem_file(problem)
    found = read_valid(read, plan)
    try:
        answer = why(read, found, _key(read, stop, member))
    except UnknownStop as error:
        bad([f"{plan}: {error}{_left_out(found, error.id)}"])
    if as_json:
        figures: dict[str, Any] = asdict(answer) | {"share": asdict(answer.share) | {"total": answer.share.total}}
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(why_in_words(answer, language.value)))


def _key(problem: Problem, stop: str, member: int) -> tuple[str, str, int]:
    kind, _, name = stop.partition(":")
    if kind in KINDS and name and stop not in problem.tasks:
        return (kind, name, member)
    delivery = isinstance(problem.tasks.get(stop), Delivery)
    return ("dropoff" if delivery else "visit", stop, member)


def _left_out(plan: Plan, task: str) -> str:
    entry = next((entry for entry in plan.unassigned if entry.id == task), None)
    return "" if entry is None else "; it is left out: " + "; ".join(reason.detail for reason in entry.reasons)


def diff_command(
    problem: ProblemFile,
    before: PlanFile,
    after: PlanFile,
    language: Language = Tongue.EN,
    as_json: AsJson = False,  # an option of the command line
) -> None:
    """Say what differs between two plans of one problem.

    Exit 0 whether anything does or not."""
    read = read_problem_file(problem)
    found = difference(read, read_valid(read, before), read_valid(read, after))
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(difference_in_words(found, language.value)))
