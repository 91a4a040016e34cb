"""`./run bench city`: our search, OR-Tools' RoutingModel on the same document, and VROOM on a relaxation, on generated
city days; the same checker judges all.

VROOM cannot say that two caregivers must meet, nor how long a meal may ride: it solves the day without these (see
peers/vroom_city_trial.py), and the table counts what its plan breaks of them. A quick run: --tasks 200 --seeds 1
--seconds 20.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from bench.city_day import SIZES, city_day
from bench.city_parts.relaxed import relaxed_plan
from bench.city_parts.unservable import unservable
from bench.peers.environment import PYTHON, ensure_peers, versions
from bench.peers.machine import machine
from dispatch import Plan, Problem, check, dump_problem, indicators, parse_plan
from dispatch.benchmarks.processes import (
    Cores,
    Ending,
    Job,
    TooFewCores,
    core_groups,
    cores_argument,
    patience,
    run_all,
)
from dispatch.document import to_json

OURS, ROUTING, VROOM = "liuzhu", "routing", "vroom"
SOLVERS = (OURS, ROUTING, VROOM)
LIMITS = {200: 30.0, 1_000: 60.0, 5_000: 120.0}  # CPU seconds by size
TRIALS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Run:
    """One day by one solver."""

    tasks: int
    seed: int
    solver: str


@dataclass(frozen=True)
class Outcome:
    """What a solver made of a day. `broken` counts violations by their code."""

    tasks: int
    seed: int
    solver: str
    unservable: int = 0
    served: int = 0
    travel_metres: int = 0
    travel_seconds: int = 0
    shifts_used: int = 0
    cpu_seconds: float = 0.0
    broken: dict[str, int] | None = None
    error: str = ""


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./run bench city", description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=list(LIMITS), help=f"sizes of days, such as {SIZES}")
    parser.add_argument("--seconds", type=float, help="CPU seconds per run; default 30, 60, 120 by size")
    parser.add_argument("--seeds", type=int, default=3, help="each seed is another day")
    parser.add_argument("--share", type=float, default=1.0, help="of the city's doors, from the middle outwards")
    parser.add_argument("--staffing", type=float, default=1.0, help="caregivers, relative to the usual number")
    parser.add_argument("--solvers", default=",".join(SOLVERS), help="routing: RoutingModel alone, by the wall's clock")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once, each on a core of its own")
    parser.add_argument("--json", action="store_true", help="print every result as JSON instead of the table")
    asked = parser.parse_args()
    if set(asked.solvers.split(",")) - set(SOLVERS) or asked.seeds < 1 or (asked.seconds or 1) <= 0:
        parser.error(f"solvers are {', '.join(SOLVERS)}; seeds and seconds are positive")
    return asked


class City:
    """The days of a bench and what became of them."""

    def __init__(self, asked: argparse.Namespace, solvers: list[str], folder: Path) -> None:
        self.asked, self.solvers, self.folder = asked, solvers, folder
        self.days: dict[tuple[int, int], Problem] = {}
        self.impossible: dict[tuple[int, int], int] = {}
        self.outcomes: list[Outcome] = []

    def prepare(self) -> None:
        """Make and write all days. Raises ValueError for a size out of range."""
        for tasks in self.asked.tasks:
            for seed in range(1, self.asked.seeds + 1):
                day = city_day(tasks, seed=seed, share=self.asked.share, staffing=self.asked.staffing)
                self.days[tasks, seed] = day
                self.impossible[tasks, seed] = len(unservable(day))
                self._document(tasks, seed).write_text(to_json(dump_problem(day)), encoding="utf-8")

    def jobs(self) -> list[Job[Run]]:
        """Day by day; who goes first changes each time."""
        found = []
        for number, (tasks, seed) in enumerate(self.days):
            order = self.solvers if number % 2 == 0 else self.solvers[::-1]
            for solver in order:
                run = Run(tasks, seed, solver)
                found.append(Job(run, partial(self._command, run), patience(self._seconds(tasks))))
        return found

    def _seconds(self, tasks: int) -> float:
        return self.asked.seconds or LIMITS.get(tasks, 120.0)

    def _document(self, tasks: int, seed: int) -> Path:
        return self.folder / f"day-{tasks}-{seed}.json"

    def _answer(self, run: Run) -> Path:
        return self.folder / f"{run.solver}-{run.tasks}-{run.seed}.json"

    def _command(self, run: Run, cores: Cores) -> list[str]:
        foreign = run.solver == VROOM
        python, script = (PYTHON, "vroom_city_trial.py") if foreign else (sys.executable, "engine_trial.py")
        return [
            str(python), str(TRIALS / script), str(self._document(run.tasks, run.seed)), str(self._answer(run)),
            str(self._seconds(run.tasks)), str(run.seed), cores_argument(cores), run.solver,
        ]  # fmt: skip

    def done(self, run: Run, ending: Ending) -> None:
        """Judge what a run has left."""
        day = self.days[run.tasks, run.seed]
        try:
            cpu = json.loads(ending.output.strip().splitlines()[-1])["cpu_seconds"]
            text = self._answer(run).read_text("utf-8")
        except (OSError, ValueError, IndexError, KeyError):
            words = ending.complaint.strip().splitlines() or [f"ended with {ending.code}"]
            self._note(Outcome(run.tasks, run.seed, run.solver, error=words[-1]))
            return
        plan = relaxed_plan(day, json.loads(text)) if run.solver == VROOM else parse_plan(text)
        self._note(self._outcome(run, day, plan, cpu))

    def _outcome(self, run: Run, day: Problem, plan: Plan, cpu: float) -> Outcome:
        figures = indicators(day, plan)
        return Outcome(
            run.tasks, run.seed, run.solver, self.impossible[run.tasks, run.seed],
            served=figures["served"], travel_metres=figures["travel_metres"],
            travel_seconds=figures["travel_seconds"], shifts_used=figures["shifts_used"], cpu_seconds=cpu,
            broken=dict(Counter(violation.cause for violation in check(day, plan))),
        )  # fmt: skip

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        told = (
            outcome.error or f"{outcome.served} served, {outcome.travel_metres / 1000:.0f} km, breaks {outcome.broken}"
        )
        print(f"{outcome.tasks} tasks, seed {outcome.seed}, {outcome.solver}: {told}", file=sys.stderr, flush=True)


COLUMNS = (
    "tasks", "solver", "days", "proven unservable", "left out", "travel km", "km per task served", "shifts used",
    "CPU s", "breaks",
)  # fmt: skip


def table_of(outcomes: list[Outcome]) -> list[str]:
    """Markdown: a line per size and solver, means over the days with their least and greatest."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for tasks, solver in dict.fromkeys((outcome.tasks, outcome.solver) for outcome in outcomes):
        days = [one for one in outcomes if (one.tasks, one.solver) == (tasks, solver)]
        good = [one for one in days if not one.error]
        cells = figures_of(good) if good else [f"failed: {days[0].error}"] + [""] * (len(COLUMNS) - 4)
        lines.append(f"| {tasks} | {solver} | {len(good)} | {' | '.join(cells)} |")
    return lines


def figures_of(days: list[Outcome]) -> list[str]:
    """The cells of a line of the table after the first three."""
    broken = sum((Counter(one.broken) for one in days), Counter[str]())
    return [
        spread(days, lambda one: one.unservable),
        spread(days, lambda one: one.tasks - one.served),
        spread(days, lambda one: one.travel_metres / 1000),
        f"{fmean(one.travel_metres / 1000 / max(1, one.served) for one in days):.3f}",
        spread(days, lambda one: one.shifts_used),
        f"{fmean(one.cpu_seconds for one in days):.1f}",
        ", ".join(f"{count} {cause}" for cause, count in sorted(broken.items())) or "nothing",
    ]


def spread(outcomes: list[Outcome], figure: Callable[[Outcome], float]) -> str:
    """`12.3 (10 to 15)`."""
    values = [figure(outcome) for outcome in outcomes]
    return f"{fmean(values):.1f}" + (f" ({min(values):.0f} to {max(values):.0f})" if len(values) > 1 else "")


def main() -> int:
    """Run the days."""
    asked = arguments()
    solvers = asked.solvers.split(",")
    missing = ensure_peers() if VROOM in solvers else None
    if missing:
        print(f"VROOM is left out: {missing}", file=sys.stderr)
        solvers.remove(VROOM)
    finished = True
    with tempfile.TemporaryDirectory(prefix="liuzhu-city-") as folder:
        city = City(asked, solvers, Path(folder))
        try:
            groups = core_groups(asked.jobs, 1)
            city.prepare()
            run_all(city.jobs(), groups, city.done)
        except (TooFewCores, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            finished = False
    about = {"peers": f"pyvroom {versions()['pyvroom']}", **machine()}
    if asked.json:
        print(json.dumps({"about": about, "results": [asdict(outcome) for outcome in city.outcomes]}, indent=2))
    else:
        print("\n".join(table_of(city.outcomes)))
        print(
            "\nMeans over the days (least to greatest). "
            + "; ".join(f"{name}: {value}" for name, value in about.items())
        )
    if not finished:
        return 130
    return 1 if any(outcome.error for outcome in city.outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
