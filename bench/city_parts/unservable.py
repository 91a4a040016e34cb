"""Tasks that no plan whatsoever can serve: alone on an empty day, they fit no able shift.

The proof asks less than a plan must give (breaks, loads and everybody else are ignored), so what it rejects is
rejected by every plan; what it lets pass may still be left out for want of hours. Holds for problems of one window
per stop, great-circle travel, and crews that start together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.places import GreatCircle
from dispatch.problem import Problem
from dispatch.shifts import Shift
from dispatch.tasks import Delivery, Visit
from dispatch.travel import EARTH_RADIUS_METRES

Moments = tuple[float, float]  # earliest and latest start of a service by one shift; empty if reversed


def unservable(problem: Problem) -> list[str]:
    """The ids of the tasks proven unservable, in order."""
    proof = _Proof(problem)
    visits = [visit.id for visit in problem.visits if not proof.visit(visit)]
    return visits + [delivery.id for delivery in problem.deliveries if not proof.delivery(delivery)]


class _Proof:
    def __init__(self, problem: Problem) -> None:
        self.shifts = problem.shifts
        self.setup = {place.id: place.setup_seconds for place in problem.places}
        self.lonlat = {place.id: np.radians(place.lonlat or (0.0, 0.0)) for place in problem.places}
        self.models = problem.travel
        self.starts = np.array([self.lonlat[shift.start] for shift in problem.shifts])
        self.pace = np.array([_seconds_per_metre(problem.travel[shift.mode]) for shift in problem.shifts])
        self.opens = np.array([shift.window[0] for shift in problem.shifts])
        self.closes = np.array([shift.window[1] for shift in problem.shifts])

    def ways(self, place: str) -> NDArray[np.float64]:
        """Seconds between a place and each shift's start, rounded up; shifts end where they start."""
        seconds: NDArray[np.float64] = np.ceil(_metres(self.starts, self.lonlat[place]) * self.pace - 1e-9)
        return seconds

    def visit(self, visit: Visit) -> bool:
        """Whether as many different caregivers as the crew needs could start at one moment."""
        ways = self.ways(visit.place)
        seconds = max(member.service_seconds for member in visit.crew)
        first = np.maximum(visit.windows[0][0], self.opens + ways + self.setup[visit.place])
        last = np.minimum(visit.windows[0][1], self.closes - ways - seconds)
        needed = visit.crew[0].skills
        able = np.array([needed <= shift.skills and shift.caregiver not in visit.excluded for shift in self.shifts])
        moments = [(a, b) for a, b, ok in zip(first, last, able, strict=True) if ok and a <= b]
        return _at_once(moments) >= len(visit.crew)

    def delivery(self, box: Delivery) -> bool:
        """Whether one shift could fetch it and bring it, in the windows and within the longest ride."""
        there, back = self.ways(box.pickup.place), self.ways(box.dropoff.place)
        metres = _metres(self.lonlat[box.pickup.place][None, :], self.lonlat[box.dropoff.place])[0]
        ride = np.ceil(metres * self.pace - 1e-9)
        leaves = np.maximum(box.pickup.windows[0][0], self.opens + there + self.setup[box.pickup.place])
        on_time = leaves <= box.pickup.windows[0][1]
        leaves = leaves + box.pickup.service_seconds
        starts = np.maximum(box.dropoff.windows[0][0], leaves + ride + self.setup[box.dropoff.place])
        fits = (
            on_time
            & (starts <= box.dropoff.windows[0][1])
            & (starts + box.dropoff.service_seconds + back <= self.closes)
        )
        if box.max_ride_seconds is not None:
            fits &= ride <= box.max_ride_seconds
        return any(ok and self._able(shift, box) for shift, ok in zip(self.shifts, fits.tolist(), strict=True))

    @staticmethod
    def _able(shift: Shift, box: Delivery) -> bool:
        room = all(shift.capacity.get(name, 0) >= load for name, load in box.load.items())
        return room and box.skills <= shift.skills and shift.caregiver not in box.excluded


def _at_once(moments: list[Moments]) -> int:
    """The most intervals that share a moment."""
    ends = sorted([(a, 0) for a, _ in moments] + [(b, 1) for _, b in moments])
    most = now = 0
    for _, closing in ends:
        now += -1 if closing else 1
        most = max(most, now)
    return most


def _metres(points: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distances of points (lon, lat in radians) from another, by the haversine formula."""
    half = np.sin((points - other) / 2) ** 2
    chord = half[:, 1] + np.cos(points[:, 1]) * np.cos(other[1]) * half[:, 0]
    found: NDArray[np.float64] = 2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(chord))
    return found


def _seconds_per_metre(model: object) -> float:
    if not isinstance(model, GreatCircle):
        raise TypeError("a city day travels by great circle")
    return model.detour * 3.6 / model.kmh
