"""The command line of the engine. Results on stdout or in files, progress on stderr.

Exit codes: 0 feasible (check: valid), 1 infeasible or not valid (says why), 2 bad input (says where),
3 a bug: the engine's plan did not pass its own checker and is withheld.
"""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dispatch.account.command import Language, Tongue, diff_command, why_command
from dispatch.benchmarks.command import bench_command
from dispatch.check import check
from dispatch.contradictions import contradictions
from dispatch.document import dump_plan, to_json
from dispatch.errors import EngineFault
from dispatch.explain import explain
from dispatch.live.warming import warm_up_live
from dispatch.parallel import solve_in_parallel
from dispatch.picture import html_page, svg_picture
from dispatch.progress import Lines, Stream
from dispatch.search.warm import warm_up
from dispatch.solve import solve_by_routing
from dispatch.stopping import Stopping
from dispatch.terminal import PlanFile, ProblemFile, bad, read_plan_file, read_problem_file, read_valid, write

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Plans home visits and deliveries.")
app.command("bench")(bench_command)
app.command("why")(why_command)
app.command("diff")(diff_command)


class Engine(StrEnum):
    """Who searches."""

    SEARCH = "search"
    ROUTING = "routing"


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    app(_spelt_out(sys.argv[1:]))
    raise SystemExit(0)


def _spelt_out(words: list[str]) -> list[str]:
    """The words with the value of `--progress`, which may be left out."""
    named = [*words[1:], ""]
    bare = [word == "--progress" and value not in set(Lines) for word, value in zip(words, named, strict=True)]
    return ["--progress=text" if alone else word for word, alone in zip(words, bare, strict=True)]


@app.command("solve")
def solve_command(
    problem: ProblemFile,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the plan goes.")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400.0)] = 10.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 1,
    iterations: Annotated[int | None, typer.Option(min=1, help="Bound the search by rounds: reproducible.")] = None,
    pieces: Annotated[
        int | None,
        typer.Option(min=0, help="Tasks per piece of a day solved by pieces; 0 for none. Default: for large days."),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Our search, or OR-Tools' RoutingModel alone.")] = Engine.SEARCH,
    progress: Annotated[Lines, typer.Option(help="Stream lines of seconds, cost, unserved to stderr.")] = Lines.NONE,
) -> None:
    """Plan a problem. Exit 1 if a task that must be served cannot be: the plan is written all the same. Ctrl-C or
    SIGTERM ends the search with the best plan so far; a second one aborts."""
    read = read_problem_file(problem)
    stream = Stream(sys.stderr, progress)
    stopping = Stopping()
    try:
        with stopping:
            for contradiction in contradictions(read):
                stream.note(f"{problem}{contradiction}", 0.0)
            if engine is Engine.ROUTING:
                plan = solve_by_routing(
                    read, seed=seed, time_limit_seconds=seconds, progress=stream.note, stop=stopping.asked
                )
            else:
                warm_up()  # loading the compiled search is not part of the limit
                plan = solve_in_parallel(
                    read, seed=seed, time_limit_seconds=seconds, workers=workers, iterations=iterations,
                    progress=stream.note, told=stream.figures, stop=stopping.asked, pieces=pieces,
                )  # fmt: skip
            write(to_json(dump_plan(plan)), output)
    except EngineFault as error:
        typer.echo("\n".join(["the engine made an invalid plan, which is withheld:", *error.causes]), err=True)
        raise SystemExit(3) from error
    except KeyboardInterrupt as error:
        stream.note("aborted: no plan is written", 0.0)
        raise SystemExit(130) from error
    stream.last_figures(plan.seconds, plan.cost["total"], len(plan.unassigned))
    if stopping.signal is not None:
        stream.note(f"stopped by {stopping.signal.name}: the best plan so far, checked", plan.seconds)
    total = len(read.tasks)
    stream.note(f"{plan.status}: {total - len(plan.unassigned)} of {total} served", plan.seconds)
    if plan.status == "infeasible":
        for entry in plan.unassigned:
            if entry.id in read.binding:
                reasons = "; ".join(reason.detail for reason in entry.reasons)
                stream.note(f"{entry.id}: {reasons}", plan.seconds)
        raise SystemExit(1)


@app.command("warm-up")
def warm_up_command() -> None:
    """Compile the search now, so that nobody waits for it at the first plan. Needed once per version and machine."""
    began = time.monotonic()
    typer.echo("compiling the search, once per version and machine …", err=True)
    warm_up()
    warm_up_live()
    typer.echo(f"compiled in {time.monotonic() - began:.0f} s", err=True)


@app.command("check")
def check_command(problem: ProblemFile, plan: PlanFile) -> None:
    """Judge a plan against its problem; one line per violation."""
    broken = check(read_problem_file(problem), read_plan_file(plan))
    for violation in broken:
        typer.echo(str(violation))
    typer.echo(f"{len(broken)} violations" if broken else "valid", err=True)
    raise SystemExit(1 if broken else 0)


@app.command("explain")
def explain_command(problem: ProblemFile, plan: PlanFile) -> None:
    """Say why each unassigned task is left out, as JSON."""
    read = read_problem_file(problem)
    found = read_valid(read, plan)
    entries = [
        {
            "id": entry.id,
            "reasons": [{"code": reason.code, "detail": reason.detail} for reason in entry.reasons],
            **({"nearest_change": entry.nearest_change} if entry.nearest_change else {}),
        }
        for entry in explain(read, found)
    ]
    sys.stdout.write(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")


@app.command("show")
def show_command(
    plan: PlanFile,
    problem: Annotated[Path | None, typer.Argument(help="The problem it solves: places, costs, lateness.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="picture.html or picture.svg")] = Path("plan.html"),
    against: Annotated[Path | None, typer.Option(help="Another plan of the problem: what differs from it.")] = None,
    language: Language = Tongue.EN,
) -> None:
    """Draw a plan: the map of its routes and a timeline per shift. Needs nothing but the file itself."""
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
