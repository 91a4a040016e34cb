"""Where people live, as far as a street network tells: a point for every stretch of residential street.

Districts are made to hold equal lengths of it, so that each has comparable demand. Lone lanes among fields and the
villages behind the hill, which no kitchen could reach with a warm meal, are left out.
"""

from collections import Counter
from functools import cache
from itertools import pairwise, product
from math import floor, hypot

import numpy as np
import numpy.typing as npt

from marketplace.demo.geography.extract import RESIDENTIAL_CLASSES, read_extract
from marketplace.demo.geography.plane import LonLat, Point, to_metres

SAMPLE_METRES = 30
EAST_END = 8.722  # beyond lie the villages up the valley
BLOCK_METRES = 150.0
BUILT_UP_METRES = 1_200  # of residential street within a block and its eight neighbours (0.2 km²)


@cache
def residential_points() -> npt.NDArray[np.float64]:
    """A point (x, y in metres) for every 30 m of residential street in the built-up area."""
    return np.array([point for point in _all_points() if is_built_up(point)])


def is_built_up(point: Point) -> bool:
    """Whether there is enough residential street around the point's block."""
    return _block(point) in _dense_blocks()


def walk(line: tuple[LonLat, ...], *, every_metres: float) -> list[Point]:
    """Points along the line, the first half a step from its start."""
    points: list[Point] = []
    ahead = every_metres / 2
    corners = [to_metres(corner) for corner in line]
    for (x1, y1), (x2, y2) in pairwise(corners):
        length = hypot(x2 - x1, y2 - y1)
        while ahead < length:
            share = ahead / length
            points.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
            ahead += every_metres
        ahead -= length
    return points


@cache
def _all_points() -> list[Point]:
    points: list[Point] = []
    for road in read_extract().roads:
        if road.road_class in RESIDENTIAL_CLASSES:
            points += walk(road.line, every_metres=SAMPLE_METRES)
    end = to_metres((EAST_END, 0.0))[0]
    return [point for point in points if point[0] <= end]


@cache
def _dense_blocks() -> frozenset[tuple[int, int]]:
    metres = Counter[tuple[int, int]]()
    for point in _all_points():
        x, y = _block(point)
        for block in product((x - 1, x, x + 1), (y - 1, y, y + 1)):
            metres[block] += SAMPLE_METRES
    return frozenset(block for block, length in metres.items() if length >= BUILT_UP_METRES)


def _block(point: Point) -> tuple[int, int]:
    return floor(point[0] / BLOCK_METRES), floor(point[1] / BLOCK_METRES)
