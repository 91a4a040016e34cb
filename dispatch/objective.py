"""What a plan costs: the weights and their defaults, in one place.

The defaults put mandatory before priority before cost: one point of priority outweighs more than a day of
travel, and one mandatory task outweighs all optional ones together. All sums stay far below 2^63.
"""

from __future__ import annotations

from dataclasses import dataclass

MANDATORY_UNSERVED = 10**12  # cost of leaving out one mandatory or pinned task
MOST_UNSERVED = 10**12  # a problem whose optional tasks could cost more is refused


@dataclass(frozen=True, slots=True)
class Objective:
    """Weights, all ≥ 0. Costs have no unit of their own; with the defaults one is a second of travel."""

    unserved: int = 100_000  # × priority, per unserved task
    travel_second: int = 1
    travel_metre: int = 0
    late_second: int = 1  # × the task's own late_second weight × seconds late
    max_late_second: int = 0  # × the latest stop's seconds late
    wait_second: int = 0
    overtime_second: int = 2
    shift_used: int = 0
    unpreferred: int = 1  # × (best bonus − the bonus of the caregiver who comes), per crew member
    unfair_second: int = 0  # × Σ max(0, work − the shift's share of all work)
    moved_stop: int = 600  # per stop of the baseline now served by another shift
    moved_second: int = 0  # × seconds a stop of the baseline starts earlier or later


TERMS = tuple(Objective.__dataclass_fields__)
SHIFT_TERMS = ("travel_second", "travel_metre", "wait_second", "overtime_second", "shift_used")
"""Terms a shift's own `cost` factors may scale."""


def priced(weight: int, factor: float, amount: int) -> int:
    """What an amount costs a shift with this factor, rounded half to even to a whole number."""
    return weight * amount if factor == 1 else round(weight * factor * amount)
