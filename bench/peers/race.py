"""One race: every instance and seed by every solver, in turns, each in a process of its own on one core."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.peers.arrays import write_arrays
from bench.peers.environment import PYTHON
from dispatch.benchmarks.bench import result_of
from dispatch.benchmarks.errors import BadFile, BadInstance
from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.processes import Cores, Ending, Job, cores_argument, patience, run_all
from dispatch.benchmarks.report import Standing
from dispatch.benchmarks.solutions import NodeRoutes, write_nodes
from dispatch.benchmarks.trial import Result

OURS = "liuzhu"
SOLVERS = (OURS, "pyvrp", "vroom")
SCRIPTS = {name: Path(__file__).with_name(f"{name}_trial.py") for name in SOLVERS if name != OURS}


@dataclass(frozen=True)
class Entry:
    """An instance in the race."""

    path: Path
    family: str
    instance: Any
    best_known: BestKnown | None


@dataclass(frozen=True)
class Heat:
    """One instance, one seed, one solver."""

    entry: Entry
    seed: int
    solver: str


@dataclass
class Race:
    """Results by solver and instance."""

    entries: list[Entry]
    solvers: list[str]
    seconds: float
    seeds: int
    told: Callable[[Heat, Result], None]
    results: dict[tuple[str, str], list[Result]] = field(default_factory=lambda: defaultdict(list))

    def run(self, groups: list[Cores]) -> bool:
        """Run all heats; False if Ctrl-C came first. What is done counts."""
        with tempfile.TemporaryDirectory(prefix="liuzhu-race-") as folder:
            self._folder = Path(folder)
            try:
                run_all([self._job(heat) for heat in self.heats()], groups, self._done)
            except KeyboardInterrupt:
                return False
        return True

    def heats(self) -> list[Heat]:
        """Seed by seed, instance by instance; who goes first changes each time."""
        found = []
        for seed in range(1, self.seeds + 1):
            for number, entry in enumerate(self.entries):
                first = (seed + number) % len(self.solvers)
                order = self.solvers[first:] + self.solvers[:first]
                found += [Heat(entry, seed, solver) for solver in order]
        return found

    def _job(self, heat: Heat) -> Job[Heat]:
        def command(cores: Cores) -> list[str]:
            path, core = heat.entry.path, cores_argument(cores)
            if heat.solver == OURS:
                solution = self._folder / f"{path.stem}.{heat.seed}.sol"
                return [
                    sys.executable, "-m", "dispatch.benchmarks.trial", heat.entry.family, str(path), str(solution),
                    "--seconds", str(self.seconds), "--seed", str(heat.seed), "--cores", core,
                ]  # fmt: skip
            arrays = self._folder / f"{heat.entry.family}-{path.stem}.npz"
            if not arrays.exists():
                write_arrays(heat.entry.family, heat.entry.instance, arrays)
            return [str(PYTHON), str(SCRIPTS[heat.solver]), str(arrays), str(self.seconds), str(heat.seed), core]

        return Job(heat, command, patience(self.seconds))

    def _done(self, heat: Heat, ending: Ending) -> None:
        name = heat.entry.path.stem
        result = result_of(name, heat.seed, ending) if heat.solver == OURS else judged(heat, ending)
        self.results[heat.solver, name].append(result)
        self.told(heat, result)

    def standing(self, solver: str, entry: Entry) -> Standing:
        """The results of a solver on an instance."""
        results = tuple(self.results[solver, entry.path.stem])
        return Standing(entry.path.stem, results, entry.best_known, FAMILIES[entry.family].vehicles_first)


def judged(heat: Heat, ending: Ending) -> Result:
    """A peer's routes, judged as ours are: from the original values."""
    name = heat.entry.path.stem
    try:
        answer = json.loads(ending.output.strip().splitlines()[-1])
        routes = NodeRoutes(tuple(tuple(route) for route in answer["routes"]))
        score = FAMILIES[heat.entry.family].judge(heat.entry.instance, write_nodes(routes), heat.solver)
    except (ValueError, IndexError, KeyError, TypeError):
        return result_of(name, heat.seed, replace(ending, output=""))
    return Result(
        name, heat.seed, score.cost, score.vehicles, score.faults,
        cpu_seconds=answer["cpu_seconds"], wall_seconds=answer["wall_seconds"], iterations=answer["iterations"],
    )  # fmt: skip


def entry_of(path: Path, best_known: dict[str, BestKnown]) -> Entry:
    """The instance in a file of either format. Raises BadInstance, of the format that got further."""
    errors: list[BadFile] = []
    for family in ("vrptw", "lilim"):
        try:
            return Entry(path, family, FAMILIES[family].read(path), best_known.get(path.stem.upper()))
        except BadInstance as error:
            errors.append(error)
    raise max(errors, key=lambda error: error.line or 0)
