"""What a judge says of a solution."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """The cost in the set's own measure, the vehicles used, and every rule broken; none: feasible."""

    cost: float
    vehicles: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BestKnown:
    """The best published cost and, where fewer vehicles come first, their number."""

    cost: float
    vehicles: int | None = None


def gap_percent(score: Score, best: BestKnown) -> float:
    """How far the cost lies above the best known one, in percent; below it, negative."""
    return 100.0 * (score.cost / best.cost - 1.0)
