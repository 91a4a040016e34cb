"""Where things lie, as points of a plane: all that cutting a day needs to know of travel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Dense
from dispatch.problem import Problem
from dispatch.tasks import Delivery, Task
from dispatch.travel import EARTH_RADIUS_METRES

Points = NDArray[np.float64]  # (n, 2)


class Ground:
    """Points of all places: metres about the middle latitude, or the plane as it is. Where a day has measured travel
    and places without a point, the two coordinates are the ways from two places far apart."""

    def __init__(self, problem: Problem) -> None:
        self.index = problem.place_index
        self.points = _points(problem)

    def place(self, name: str) -> Points:
        """A place's point."""
        found: Points = self.points[self.index[name]]
        return found

    def task(self, task: Task) -> Points:
        """Where a task is done: at the elder's, be it a visit or a delivery."""
        return self.place(task.dropoff.place if isinstance(task, Delivery) else task.place)


def _points(problem: Problem) -> Points:
    if all(place.lonlat is not None for place in problem.places):
        degrees = np.array([place.lonlat or (0.0, 0.0) for place in problem.places]).reshape(-1, 2)
        lon, lat = np.radians(degrees).T
        middle = float(np.cos(lat.mean())) if len(lat) else 1.0
        return EARTH_RADIUS_METRES * np.stack([lon * middle, lat], axis=1)
    if all(place.xy is not None for place in problem.places):
        return np.array([place.xy or (0.0, 0.0) for place in problem.places]).reshape(-1, 2)
    measured = next((model for model in problem.travel.values() if isinstance(model, Dense)), None)
    return np.zeros((len(problem.places), 2)) if measured is None else _by_landmarks(np.array(measured.seconds))


def _by_landmarks(seconds: NDArray[np.int64]) -> Points:
    """The ways from the place farthest from the first, and from the one farthest from that."""
    one = int(np.argmax(seconds[0]))
    two = int(np.argmax(seconds[one]))
    return np.stack([seconds[one], seconds[two]], axis=1).astype(np.float64)
