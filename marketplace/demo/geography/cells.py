"""Dividing an area into compact cells of equal demand.

A power diagram (Aurenhammer 1987) is a Voronoi diagram whose centres carry weights. Moving each centre to the middle of
its cell keeps cells compact (Lloyd 1982); raising the weight of a cell that holds too little brings all to the same
load (Aurenhammer, Hoffmann, Aronov 1998). Its cells are convex, and every point belongs to exactly one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.demo.geography.plane import Point
from marketplace.demo.geography.rings import cut

Points = npt.NDArray[np.float64]  # one row (x, y) per point, metres

MOVING_ROUNDS = 100
BALANCING_ROUNDS = 120


@dataclass(frozen=True, slots=True)
class Cell:
    """One part: its corners, and the points in it."""

    ring: tuple[Point, ...]
    points: Points


def divide(points: Points, ring: list[Point], *, parts: int) -> list[Cell]:
    """Cut the convex ring into that many convex cells holding nearly the same number of points, north to south.

    The same points give the same cells; no chance is involved. Raises ValueError with fewer points than parts.
    """
    if len(points) < parts:
        raise ValueError(f"{len(points)} points cannot fill {parts} cells")
    centres, weights = _balance(points, _spread_centres(points, parts))
    owner = _owners(points, centres, weights)
    order = sorted(range(parts), key=lambda k: -centres[k][1])
    return [Cell(tuple(_corners(ring, k, centres, weights)), points[owner == k]) for k in order]


def _spread_centres(points: Points, parts: int) -> Points:
    """Start from points far apart: first the one farthest from the middle, then always the farthest from all chosen."""
    chosen = [points[np.argmax(_squares(points, points.mean(axis=0)))]]
    while len(chosen) < parts:
        nearest = np.min([_squares(points, c) for c in chosen], axis=0)
        chosen.append(points[np.argmax(nearest)])
    return np.array(chosen)


def _balance(points: Points, centres: Points) -> tuple[Points, Points]:
    parts = len(centres)
    fair = len(points) / parts
    weights = np.zeros(parts)
    step = float(points.var(axis=0).sum()) / parts
    for turn in range(MOVING_ROUNDS + BALANCING_ROUNDS):
        owner = _owners(points, centres, weights)
        load = np.bincount(owner, minlength=parts)
        if turn < MOVING_ROUNDS:
            centres = np.array([points[owner == k].mean(axis=0) if load[k] else centres[k] for k in range(parts)])
        weights = weights + step * (1 - load / fair) / (1 + turn / 20)
    return centres, weights


def _owners(points: Points, centres: Points, weights: Points) -> npt.NDArray[np.intp]:
    powers = np.stack([_squares(points, c) - w for c, w in zip(centres, weights, strict=True)])
    owners: npt.NDArray[np.intp] = np.argmin(powers, axis=0)
    return owners


def _squares(points: Points, centre: Points) -> Points:
    squares: Points = ((points - centre) ** 2).sum(axis=1)
    return squares


def _corners(ring: list[Point], own: int, centres: Points, weights: Points) -> list[Point]:
    left = ring
    for other in range(len(centres)):
        if other != own:
            a, b = (2 * (centres[other] - centres[own])).tolist()
            limit = float((centres[other] ** 2).sum() - (centres[own] ** 2).sum() - weights[other] + weights[own])
            left = cut(left, a, b, limit)
    return left
