"""A picture of pairs: per row a label above two bars, to the left and right of a middle line, all in one scale.

Drawn by the server as SVG: it needs no script, prints, and reads by its table just below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HALF = 270  # pixels to either side of the middle
ROW = 46
BAR = 16


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
        return HALF - self.left_width


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
        Pair(label, left, right, place * ROW, left * HALF / most, right * HALF / most)
        for place, (label, left, right) in enumerate(values)
    )
    return Pairs(rows, 2 * HALF, max(1, len(rows)) * ROW, HALF, BAR)
