"""`python -m dispatch solve` and `improve`: both search for a while, can be stopped, and hand out a checked plan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dispatch.change import improve
from dispatch.contradictions import contradictions
from dispatch.document import dump_plan, to_json
from dispatch.errors import EngineFault
from dispatch.neighbourhoods import polish
from dispatch.parallel import solve_in_parallel
from dispatch.plan import Plan
from dispatch.problem import Problem
from dispatch.progress import Lines, Stream
from dispatch.search.warm import warm_up
from dispatch.sentences import count_of
from dispatch.solving import solve_by_routing
from dispatch.stopping import Stop, Stopping
from dispatch.terminal import (
    PlanFile,
    ProblemFile,
    limit,
    read_plan_file,
    read_problem_file,
    read_valid,
    refuse_unwritable,
    write,
)

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Where the plan goes. Default: to stdout.")]
Seconds = Annotated[float, limit("How long to search.")]
Seed = Annotated[int, typer.Option(min=0, help="Another seed, another search.")]
Iterations = Annotated[int | None, typer.Option(min=1, help="Bound the search by rounds: reproducible.")]
Figures = Annotated[Lines, typer.Option(help="Stream lines of seconds, cost, unserved to stderr.")]


class Engine(StrEnum):
    """Who searches."""

    SEARCH = "search"
    ROUTING = "routing"


def solve_command(
    problem: ProblemFile,
    output: Output = None,
    seconds: Seconds = 10.0,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that search at once.")] = 1,
    iterations: Iterations = None,
    pieces: Annotated[
        int | None,
        typer.Option(min=0, help="Tasks per piece of a day solved by pieces; 0 for none. Default: for large days."),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Our search, or OR-Tools' RoutingModel alone.")] = Engine.SEARCH,
    progress: Figures = Lines.NONE,
) -> None:
    """Plan a problem.

    Exit 1 if a task that must be served cannot be: the plan is written all the same. Ctrl-C or SIGTERM ends the search
    with the best plan so far; a second one aborts."""
    if engine is Engine.ROUTING:
        _refuse_rounds(iterations, "--engine routing")
        _refuse(workers > 1, "--workers", "--engine routing searches in one process")
        _refuse(bool(pieces), "--pieces", "--engine routing takes every day as a whole")
    refuse_unwritable(output, problem)
    read = read_problem_file(problem)
    stream = Stream(sys.stderr, progress)

    def search(stop: Stop) -> Plan:
        for contradiction in contradictions(read):
            stream.note(f"{problem}{contradiction}", 0.0)
        if engine is Engine.ROUTING:
            return solve_by_routing(read, seed=seed, time_limit_seconds=seconds, progress=stream.note, stop=stop)
        warm_up()  # loading the compiled search is not part of the limit
        return solve_in_parallel(
            read, seed=seed, time_limit_seconds=seconds, workers=workers, iterations=iterations,
            progress=stream.note, told=stream.figures, stop=stop, pieces=pieces,
        )  # fmt: skip

    _hand_out(read, search, stream, output)


def improve_command(
    problem: ProblemFile,
    plan: PlanFile,
    output: Output = None,
    seconds: Seconds = 10.0,
    seed: Seed = 1,
    iterations: Iterations = None,
    exact: Annotated[bool, typer.Option("--exact", help="Prove neighbouring routes to be cheapest instead.")] = False,
    progress: Figures = Lines.NONE,
) -> None:
    """Search on from a plan; the result costs no more.

    Stops that the problem no longer knows, or that no longer fit, are left out first. With --exact the plan must be
    valid; routes near one another are opened a few at a time, and CP-SAT shares their tasks out as cheaply as can be,
    whatever the seed. Exit codes and signals as for solve."""
    if exact:
        _refuse_rounds(iterations, "--exact")
    refuse_unwritable(output, problem)
    read = read_problem_file(problem)
    given = read_valid(read, plan) if exact else read_plan_file(plan)
    stream = Stream(sys.stderr, progress)

    def search(stop: Stop) -> Plan:
        if exact:
            left_out = len(given.unassigned)
            polished = polish(
                read, given, seconds=seconds, stop=stop, heard=lambda spent, cost: stream.figures(spent, cost, left_out)
            )
            told = f"{count_of(polished.opened, 'neighbourhood')} opened, {polished.proved} proved to be cheapest"
            stream.note(told, polished.plan.seconds)
            return polished.plan
        warm_up()
        return improve(
            read, given, seed=seed, time_limit_seconds=seconds, iterations=iterations,
            progress=stream.note, told=stream.figures, stop=stop,
        )  # fmt: skip

    _hand_out(read, search, stream, output)


def _refuse_rounds(iterations: int | None, option: str) -> None:
    """Leave with exit code 2 when rounds are asked of what has none: it would run on by the clock in silence."""
    _refuse(iterations is not None, "--iterations", f"{option} counts no rounds: use --seconds")


def _refuse(is_asked: bool, option: str, detail: str) -> None:  # the option, as it was given
    """Leave with exit code 2 rather than take no notice of an option."""
    if is_asked:
        raise typer.BadParameter(detail, param_hint=option)


def _hand_out(problem: Problem, search: Callable[[Stop], Plan], stream: Stream, output: Path | None) -> None:
    """Search until done or told to stop, write the plan, and say what it leaves out."""
    stopping = Stopping()
    try:
        with stopping:
            plan = search(stopping.asked)
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
    total = len(problem.tasks)
    stream.note(f"{plan.status}: {total - len(plan.unassigned)} of {total} served", plan.seconds)
    if plan.status == "infeasible":
        for entry in plan.unassigned:
            if entry.id in problem.binding:
                reasons = "; ".join(reason.detail for reason in entry.reasons)
                stream.note(f"{entry.id}: {reasons}", plan.seconds)
        raise SystemExit(1)
