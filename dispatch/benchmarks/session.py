"""A bench from beginning to end: files read, trials run, lines printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatch.benchmarks.bench import Bench, Plea, instance_paths
from dispatch.benchmarks.best_known import beside, read_best_known
from dispatch.benchmarks.errors import BadFile
from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.processes import Cores, Ending, TooFewCores, core_groups, run_all
from dispatch.benchmarks.report import HEADING, SUMMARY_HEADING, Standing, instance_line, summary_lines
from dispatch.sentences import count_of

SOLVED, UNSOLVED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def run_bench(asked: Plea, folder: Path, *, only: str, out: Path, jobs: int, best_known: Path | None) -> int:
    """Run every trial that is asked for; the exit code."""
    paths = instance_paths(folder, only)
    if not paths:
        return _refused(f"{folder}: holds no .txt file that matches {only!r}")
    try:
        groups = core_groups(jobs, asked.workers)
        known = _known(folder, best_known)
        for path in paths:
            FAMILIES[asked.family].read(path)  # a bad file is named before hours are spent on the good ones
    except (BadFile, TooFewCores) as error:
        return _refused(str(error))
    bench = Bench(asked, paths, out, known, _teller(asked.family))
    try:
        finished = _run(bench, groups)
    except OSError as error:
        return _refused(f"{error.filename or out}: {error.strerror}")
    return _concluded(bench, finished=finished)


def _refused(line: str) -> int:
    typer.echo(line, err=True)
    return BAD_INPUT


def _concluded(bench: Bench, *, finished: bool) -> int:
    """Print what is left to print."""
    standings, seeds = bench.standings(), bench.asked.seeds
    for standing in standings:
        if len(standing.results) < seeds:
            bench.told(standing)
    typer.echo("\n".join(["", SUMMARY_HEADING, *summary_lines(standings)]))
    if not finished:
        done = sum(len(standing.results) for standing in standings)
        typer.echo(
            f"interrupted: the results of {done} of {count_of(len(bench.jobs()), 'trial')} are in {bench.out}", err=True
        )
        return INTERRUPTED
    return SOLVED if all(standing.best for standing in standings) else UNSOLVED


def _run(bench: Bench, groups: list[Cores]) -> bool:
    """Run all trials; False if Ctrl-C came first."""
    try:
        jobs = bench.jobs()
        with bench, _bar() as bar:
            typer.echo(HEADING)  # whoever reads it may interrupt: what has to be cleaned up stands
            task = bar.add_task(bench.asked.family, total=len(jobs))

            def done(what: tuple[Path, int], ending: Ending) -> None:
                bench.done(what, ending)
                bar.update(task, advance=1, description=what[0].stem)

            run_all(jobs, groups, done)
    except KeyboardInterrupt:
        return False
    return True


def _teller(family: str) -> Callable[[Standing], None]:
    def told(standing: Standing) -> None:
        # Not typer.echo, which goes past the bar's redirection and leaves the line behind the bar.
        sys.stdout.write(instance_line(standing, FAMILIES[family].decimals) + "\n")
        sys.stdout.flush()

    return told


def _known(folder: Path, table: Path | None) -> dict[str, BestKnown]:
    table = table or beside(folder if folder.is_dir() else folder.parent)
    return read_best_known(table) if table else {}


def _bar() -> Progress:
    """A bar on stderr, if that is a terminal; lines on stdout go past it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    return Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )  # fmt: skip
