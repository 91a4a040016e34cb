"""The lines a bench prints: one per instance, one per class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from dispatch.benchmarks.judges.score import BestKnown, Score, gap_percent
from dispatch.benchmarks.names import class_of, natural
from dispatch.benchmarks.trial import Result

HEADING = "instance                   seeds       cost       best   best known   gap %  best %  vehicles   CPU s"
SUMMARY_HEADING = "class           instances   mean gap %   from      to   at or below best known   failed"
LEVEL_PERCENT = 0.0005  # a gap this small is the rounding of the published value


@dataclass(frozen=True, slots=True)
class Standing:
    """All trials of an instance. The mean gap counts only seeds that reach the best-known number of vehicles,
    where vehicles come first."""

    name: str
    results: tuple[Result, ...]
    best_known: BestKnown | None
    vehicles_first: bool

    @property
    def solved(self) -> list[Result]:
        """The trials with a feasible solution."""
        return [result for result in self.results if result.feasible]

    @property
    def best(self) -> Result | None:
        """The best of them."""
        return min(self.solved, key=self.rank, default=None)

    def rank(self, result: Result) -> tuple[int, float]:
        """What orders solutions: vehicles where they come first, then cost."""
        return (result.vehicles if self.vehicles_first else 0, result.cost)

    @property
    def more_vehicles(self) -> int | None:
        """How many more vehicles than the best known the best solution uses; None where they do not count."""
        if self.best is None or not self.vehicles_first or self.best_known is None or self.best_known.vehicles is None:
            return None
        return self.best.vehicles - self.best_known.vehicles

    def gaps(self) -> list[float]:
        """The gap of every seed that can be compared with the best-known value, in percent."""
        known = self.best_known
        if known is None:
            return []
        return [
            gap_percent(Score(result.cost, result.vehicles), known)
            for result in self.solved
            if not self.vehicles_first or known.vehicles is None or result.vehicles == known.vehicles
        ]


def instance_line(standing: Standing, decimals: int) -> str:
    """Cost (mean over the seeds), best, best known, gap and time of an instance; or what went wrong."""
    name, best, known = standing.name[:26], standing.best, standing.best_known
    if best is None:
        return f"{name:<26} {len(standing.results):>5}   FAILED: {_trouble(standing.results)}"
    gaps = standing.gaps()
    vehicles = f"{best.vehicles}" if standing.more_vehicles is None else f"{best.vehicles}{standing.more_vehicles:+d}"
    failed = len(standing.results) - len(standing.solved)
    cells = (
        f"{name:<26} {len(standing.solved):>5}",
        f"{fmean(result.cost for result in standing.solved):>10.{decimals}f}",
        f"{best.cost:>10.{decimals}f}",
        f"{'-' if known is None else f'{known.cost:.{decimals}f}':>12}",
        f"{_percent(fmean(gaps) if gaps else None):>7} {_percent(min(gaps, default=None)):>7}",
        f"{vehicles:>9}",
        f"{fmean(result.cpu_seconds for result in standing.solved):>7.1f}",
        *([f"  {failed} failed"] if failed else []),
    )
    return " ".join(cells)


def summary_lines(standings: Iterable[Standing]) -> list[str]:
    """A line per class and one for all."""
    classes: Mapping[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        classes[class_of(standing.name)].append(standing)
    lines = [_summary(name, classes[name]) for name in sorted(classes, key=natural)]
    if len(classes) > 1:
        lines.append(_summary("all", [standing for members in classes.values() for standing in members]))
    return lines


def _summary(name: str, members: list[Standing]) -> str:
    compared = [fmean(gaps) for member in members if (gaps := member.gaps())]
    level = sum(bool(gaps := member.gaps()) and min(gaps) <= LEVEL_PERCENT for member in members)
    failed = sum(len(member.results) - len(member.solved) for member in members)
    spread = (fmean(compared), min(compared), max(compared)) if compared else (None, None, None)
    mean, low, high = (_percent(value) for value in spread)
    return f"{name:<15} {len(members):>9} {mean:>12} {low:>6} {high:>7} {f'{level} of {len(members)}':>24} {failed:>8}"


def _percent(value: float | None) -> str:
    return "-" if value is None else signed(value)


def signed(percent: float) -> str:
    """Two decimals and a sign; what rounds to nothing is +0.00."""
    return f"{round(percent, 2) + 0.0:+.2f}"


def _trouble(results: tuple[Result, ...]) -> str:
    for result in results:
        if result.error:
            return result.error
        if result.faults:
            more = f" (and {len(result.faults) - 1} more)" if len(result.faults) > 1 else ""
            return result.faults[0] + more
    return "no seed has ended"
