"""A bench: every instance of a folder with every seed, best solutions and all results kept as they come."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Self

from dispatch.benchmarks.families import FAMILIES
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.names import natural
from dispatch.benchmarks.processes import Cores, Ending, Job, cores_argument, patience
from dispatch.benchmarks.report import Standing
from dispatch.benchmarks.trial import Result

COLUMNS = (
    "family", "instance", "seed", "feasible", "cost", "vehicles", "best_known", "best_known_vehicles",
    "cpu_seconds", "wall_seconds", "iterations", "trouble",
)  # fmt: skip
RESULTS = "results.csv"


@dataclass(frozen=True, slots=True)
class Plea:
    """What a bench was asked for."""

    family: str
    seconds: float
    seeds: int
    workers: int
    iterations: int | None


@dataclass
class Bench:
    """Collects results under `out`: NAME.sol or NAME.json of the best seed so far, and a row per trial."""

    asked: Plea
    paths: list[Path]
    out: Path
    best_known: Mapping[str, BestKnown]
    told: Callable[[Standing], None]  # called when the last seed of an instance has ended
    results: dict[str, list[Result]] = field(default_factory=lambda: defaultdict(list))

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self.out.mkdir(parents=True, exist_ok=True)
        self._drafts = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=self.out, prefix=".drafts-")))
        self._file = self._stack.enter_context((self.out / RESULTS).open("w", encoding="utf-8", newline=""))
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def jobs(self) -> list[Job[tuple[Path, int]]]:
        """Every trial, instance by instance."""
        seeds = range(1, self.asked.seeds + 1)
        return [self._job(path, seed) for path, seed in product(self.paths, seeds)]

    def _job(self, path: Path, seed: int) -> Job[tuple[Path, int]]:
        def command(cores: Cores) -> list[str]:
            asked = self.asked
            bound = [] if asked.iterations is None else ["--iterations", str(asked.iterations)]
            return [
                sys.executable, "-m", "dispatch.benchmarks.trial", asked.family, str(path),
                str(self._draft(path, seed)), "--seconds", str(asked.seconds), "--seed", str(seed),
                "--workers", str(asked.workers), "--cores", cores_argument(cores), *bound,
            ]  # fmt: skip

        return Job((path, seed), command, patience(self.asked.seconds))

    def _draft(self, path: Path, seed: int) -> Path:
        return self._drafts / f"{path.stem}.{seed}"

    def done(self, what: tuple[Path, int], ending: Ending) -> None:
        """Note how a trial ended and keep its solution if it is the instance's best so far."""
        path, seed = what
        result = result_of(path.stem, seed, ending)
        self.results[path.stem].append(result)
        standing = self.standing(path.stem)
        if standing.best is result:
            self._draft(path, seed).replace(self.out / (path.stem + FAMILIES[self.asked.family].suffix))
        self._rows.writerow(self._row(result, standing.best_known))
        self._file.flush()
        if len(standing.results) == self.asked.seeds:
            self.told(standing)

    def _row(self, result: Result, known: BestKnown | None) -> list[object]:
        best = ["", ""] if known is None else [known.cost, "" if known.vehicles is None else known.vehicles]
        return [
            self.asked.family, result.instance, result.seed, result.feasible, f"{result.cost:.6f}", result.vehicles,
            *best, result.cpu_seconds, result.wall_seconds, result.iterations,
            result.error or "; ".join(result.faults[:3]),
        ]  # fmt: skip

    def standing(self, name: str) -> Standing:
        """The trials of an instance so far."""
        first = FAMILIES[self.asked.family].vehicles_first
        return Standing(name, tuple(self.results[name]), self.best_known.get(name.upper()), first)

    def standings(self) -> list[Standing]:
        """The instances with at least one trial, in the order of the folder."""
        return [self.standing(path.stem) for path in self.paths if self.results.get(path.stem)]


def result_of(name: str, seed: int, ending: Ending) -> Result:
    """The result that a trial's process printed, or its last words."""
    try:
        value = json.loads(ending.output.strip().splitlines()[-1])
        return Result(**{**value, "faults": tuple(value["faults"])})
    except (ValueError, IndexError, TypeError, KeyError):
        words = ending.complaint.strip().splitlines() or [f"ended with {ending.code}"]
        return Result(name, seed, error=words[-1])


def instance_paths(folder: Path, only: str) -> list[Path]:
    """The .txt files of a folder (or the one file named) that match a pattern, in natural order."""
    found = [folder] if folder.is_file() else list(folder.glob("*.txt"))
    chosen = [path for path in found if fnmatch(path.stem.upper(), only.upper())]
    return sorted(chosen, key=lambda path: natural(path.stem))
