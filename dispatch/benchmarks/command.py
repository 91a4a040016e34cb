"""`python -m dispatch bench`: lines on stdout, progress on stderr, solutions and results.csv in a folder.

Exit codes: 0 every instance was solved, 1 one was not, 2 bad input (says where), 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatch.benchmarks.bench import Bench, Plea, instance_paths
from dispatch.benchmarks.best_known import beside, read_best_known
from dispatch.benchmarks.errors import BadFile
from dispatch.benchmarks.families import FAMILIES, SetName
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.processes import Cores, Ending, TooFewCores, core_groups, run_all
from dispatch.benchmarks.report import HEADING, SUMMARY_HEADING, Standing, instance_line, summary_lines


def bench_command(
    family: Annotated[SetName, typer.Argument(help="The kind of files.")],
    folder: Annotated[Path, typer.Argument(help="A folder of .txt instances, or one of them.", exists=True)],
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400.0, help="CPU seconds per trial.")],
    out: Annotated[Path, typer.Option(help="Folder for the solutions and results.csv.", file_okay=False)],
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds 1 to K.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Trials at once, each on cores of its own.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes, and cores, per trial.")] = 1,
    only: Annotated[str, typer.Option(help="Only instances whose name matches, such as 'R1*'.")] = "*",
    best_known: Annotated[
        Path | None, typer.Option(help="CSV of best-known values. Default: best_known.csv beside or above the files.")
    ] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Bound the search by rounds: reproducible.")] = None,
) -> None:
    """Solve a classic benchmark set: a line per instance, a summary by class, solutions anybody can judge."""
    paths = instance_paths(folder, only)
    if not paths:
        _bad(f"{folder}: holds no .txt file that matches {only!r}")
    try:
        groups = core_groups(jobs, workers)
        known = _known(folder, best_known)
        for path in paths:
            FAMILIES[family].read(path)  # a bad file is named before hours are spent on the good ones
    except (BadFile, TooFewCores) as error:
        _bad(str(error))
    bench = Bench(Plea(family, seconds, seeds, workers, iterations), paths, out, known, _teller(family))
    try:
        finished = _run(bench, groups)
    except OSError as error:
        _bad(f"{error.filename or out}: {error.strerror}")
    standings = bench.standings()
    for standing in standings:
        if len(standing.results) < seeds:
            bench.told(standing)
    typer.echo("\n".join(["", SUMMARY_HEADING, *summary_lines(standings)]))
    if not finished:
        trials = f"{sum(len(standing.results) for standing in standings)} of {len(paths) * seeds} trials"
        typer.echo(f"interrupted: the results of {trials} are in {out}", err=True)
        raise SystemExit(130)
    raise SystemExit(0 if all(standing.best for standing in standings) else 1)


def _run(bench: Bench, groups: list[Cores]) -> bool:
    """Run all trials; False if Ctrl-C came first."""
    try:
        typer.echo(HEADING)
        jobs = bench.jobs()
        with bench, _bar() as bar:
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


def _bad(line: str) -> NoReturn:
    typer.echo(line, err=True)
    raise SystemExit(2)


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
