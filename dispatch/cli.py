"""The command line of the engine. Results on stdout or in files, progress on stderr.

Exit codes: 0 feasible (check: valid), 1 infeasible or not valid (says why), 2 bad input (says where),
3 a bug: the engine's plan did not pass its own checker and is withheld.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dispatch.account.command import Language, Tongue, diff_command, why_command
from dispatch.account.words import unassigned_in
from dispatch.benchmarks.command import bench_command
from dispatch.check import check
from dispatch.document.plans import dump_unassigned
from dispatch.explaining import PROOF_SECONDS, explain
from dispatch.interrupt import answer_as_usual
from dispatch.live.warming import warm_up_live
from dispatch.picture import html_page, svg_picture
from dispatch.planning import improve_command, solve_command
from dispatch.progress import Lines
from dispatch.proof.command import bound_command
from dispatch.search.warm import warm_up
from dispatch.sentences import count_of
from dispatch.terminal import PlanFile, ProblemFile, bad, read_plan_file, read_problem_file, read_valid, write

HELP = """Plans home visits and deliveries.

First steps: solve docs/examples/day.json -o plan.json, then show plan.json docs/examples/day.json.

What problems and plans are made of is told in docs/dispatch.md.

Exit codes: 0 feasible or valid, 1 infeasible or not valid (says why), 2 bad input (says where), 3 a bug, 130 aborted.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
app.command("solve")(solve_command)
app.command("improve")(improve_command)
app.command("bound")(bound_command)
app.command("bench")(bench_command)
app.command("why")(why_command)
app.command("diff")(diff_command)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    answer_as_usual()
    try:
        app(_spelt_out(sys.argv[1:]))
    except OSError as error:  # the disk is full, say; who reads stdout no more is taken care of by the library
        bad([f"{error.filename or 'stdout'}: {error.strerror}"])
    raise SystemExit(0)


def _spelt_out(words: list[str]) -> list[str]:
    """The words with the value of `--progress`, which may be left out."""
    named = [*words, ""][1:]
    bare = [word == "--progress" and value not in set(Lines) for word, value in zip(words, named, strict=True)]
    return ["--progress=text" if alone else word for word, alone in zip(words, bare, strict=True)]


@app.command("warm-up")
def warm_up_command() -> None:
    """Compile the search now, so that nobody waits for it at the first plan.

    Needed once per version and machine, and done by itself if it was not."""
    began = time.monotonic()
    typer.echo("compiling the search, once per version and machine …", err=True)
    warm_up()
    warm_up_live()
    typer.echo(f"compiled in {time.monotonic() - began:.0f} s", err=True)


@app.command("check")
def check_command(problem: ProblemFile, plan: PlanFile) -> None:
    """Judge a plan against its problem; one line per violation.

    Exit 0: it keeps every rule. 1: it does not."""
    broken = check(read_problem_file(problem), read_plan_file(plan))
    for violation in broken:
        typer.echo(str(violation))
    typer.echo(count_of(len(broken), "violation") if broken else "valid", err=True)
    raise SystemExit(1 if broken else 0)


@app.command("explain")
def explain_command(
    problem: ProblemFile,
    plan: PlanFile,
    proof: Annotated[float, typer.Option(min=0.0, help="Seconds per task to seek a proof for.")] = PROOF_SECONDS,
    language: Language = Tongue.EN,
) -> None:
    """Say why each unassigned task is left out, as JSON."""
    read = read_problem_file(problem)
    found = read_valid(read, plan)
    told = (unassigned_in(language.value, entry) for entry in explain(read, found, proof_seconds=proof))
    entries = [dump_unassigned(entry) for entry in told]
    typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))


@app.command("show")
def show_command(
    plan: PlanFile,
    problem: Annotated[Path | None, typer.Argument(help="The problem it solves: places, costs, lateness.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="picture.html or picture.svg")] = Path("plan.html"),
    against: Annotated[Path | None, typer.Option(help="Another plan of the problem: what differs from it.")] = None,
    language: Language = Tongue.EN,
) -> None:
    """Draw a plan: the map of its routes and a timeline per shift.

    The file needs nothing beside it and asks nothing of any host. Without the problem it is the timeline alone."""
    if output.suffix not in (".svg", ".html"):
        bad([f"{output}: the picture is .svg or .html"])
    if against is not None and problem is None:
        bad([f"{against}: comparing two plans needs their problem"])
    read = None if problem is None else read_problem_file(problem)
    found = read_plan_file(plan) if read is None else read_valid(read, plan)
    other = None if read is None or against is None else read_valid(read, against)
    if output.suffix == ".html":
        write(html_page(read, found, language=language.value, against=other), output)
    else:
        write(svg_picture(read, found, language=language.value), output)
