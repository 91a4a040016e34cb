"""A picture of pairs: one row per branch, one bar to the left and one to the right of a middle line, in one scale.

Drawn by the server as SVG: it needs no script, prints, and reads by its table just below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HALF = 270  # pixels to either side of the middle
LABELS = 150
ROW = 34
BAR = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: a label, its two values, and where their bars stand."""

    label: str
    left: int
    right: int
    y: int
    left_width: float
    right_width: float

    @property
    def left_x(self) -> float:
        """Where the left bar begins."""
        return LABELS + HALF - self.left_width


@dataclass(frozen=True, slots=True)
class Pairs:
    """The whole picture."""

    rows: tuple[Pair, ...]
    width: int
    height: int
    middle: int
    bar: int


def pairs(values: Sequence[tuple[str, int, int]]) -> Pairs:
    """The picture of (label, left, right); the largest value fills its half."""
    most = max((max(left, right) for _, left, right in values), default=0) or 1
    rows = tuple(
        Pair(label, left, right, place * ROW + (ROW - BAR) // 2, left * HALF / most, right * HALF / most)
        for place, (label, left, right) in enumerate(values)
    )
    return Pairs(rows, LABELS + 2 * HALF + 10, max(1, len(rows)) * ROW, LABELS + HALF, BAR)
