"""Convex polygons in the plane, and the test whether a point lies in one.

All regions of the demo city are convex: a half-plane cuts a convex ring into a convex ring, so nested regions need no
general polygon library.
"""

from collections.abc import Iterable, Sequence
from math import cos, pi, sin

from marketplace.demo.geography.plane import Point


def contains(ring: Sequence[Point], point: Point) -> bool:
    """Whether the point lies inside the ring, by counting crossings of a ray to the east (Shimrat 1962)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def area(ring: Sequence[Point]) -> float:
    """The signed area (shoelace formula): positive when the ring runs counter-clockwise."""
    pairs = zip(ring, (*ring[1:], ring[0]), strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def hull(points: Iterable[Point]) -> list[Point]:
    """The convex hull, counter-clockwise (Andrew's monotone chain, 1979).

    Fewer than three points, or points on one line, give fewer than three corners.
    """
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return lower[:-1] + upper[:-1]


def _chain(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def widened_hull(points: Iterable[Point], *, metres: float) -> list[Point]:
    """The hull of the points, each grown to a twelve-cornered disc of that radius."""
    disc = [(metres * cos(k * pi / 6), metres * sin(k * pi / 6)) for k in range(12)]
    return hull((x + dx, y + dy) for x, y in hull(points) for dx, dy in disc)


def cut(ring: Sequence[Point], a: float, b: float, limit: float) -> list[Point]:
    """What is left of a convex ring where a·x + b·y ≤ limit (Sutherland and Hodgman 1974); empty when nothing is."""
    kept: list[Point] = []
    for one, other in zip(ring, (*ring[1:], ring[0]), strict=True):
        over_one, over_other = (a * x + b * y - limit for x, y in (one, other))
        if over_one <= 0:
            kept.append(one)
        if (over_one < 0 < over_other) or (over_other < 0 < over_one):
            share = over_one / (over_one - over_other)
            kept.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
    return kept
