"""Lines with fewer corners, for drawing."""

from collections.abc import Sequence
from math import hypot

from marketplace.demo.geography.plane import LonLat, Point, to_metres


def simplified(line: Sequence[LonLat], *, metres: float) -> list[LonLat]:
    """The line without corners that lie within that many metres of what is left (Douglas and Peucker 1973).

    Both ends stay, also of a closed line.
    """
    points = [to_metres(corner) for corner in line]
    kept = {0, len(points) - 1}
    open_parts = [(0, len(points) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        inner = range(first + 1, last)
        if not inner:
            continue
        far = max(inner, key=lambda k: _distance(points[k], points[first], points[last]))
        if _distance(points[far], points[first], points[last]) > metres:
            kept.add(far)
            open_parts += [(first, far), (far, last)]
    return [line[k] for k in sorted(kept)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a stretch of line, in metres."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / square if square else 0.0
    along = min(1.0, max(0.0, along))
    return hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)
