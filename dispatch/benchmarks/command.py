"""`python -m dispatch bench`: lines on stdout, progress on stderr, solutions and results.csv in a folder.

Exit codes: 0 every instance was solved, 1 one was not, 2 bad input (says where), 130 interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dispatch.benchmarks.names import SetName
from dispatch.terminal import limit


def bench_command(
    family: Annotated[SetName, typer.Argument(help="The kind of files.")],
    folder: Annotated[Path, typer.Argument(help="A folder of .txt instances, or one of them.", exists=True)],
    seconds: Annotated[float, limit("CPU seconds per trial.")],
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
    from dispatch.benchmarks.bench import Plea  # late: the other commands need not wait for it
    from dispatch.benchmarks.session import run_bench

    asked = Plea(family, seconds, seeds, workers, iterations)
    raise SystemExit(run_bench(asked, folder, only=only, out=out, jobs=jobs, best_known=best_known))
