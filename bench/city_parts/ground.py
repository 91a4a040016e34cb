"""The ground of a city day: doors of the extract for homes, kitchens spread evenly among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import ceil, sqrt
from random import Random

import numpy as np
from numpy.typing import NDArray

from dispatch.places import Place
from marketplace.demo.geography import frontages
from marketplace.demo.geography.plane import LonLat, to_metres

DOORS = 30_000
TASKS_PER_KITCHEN = 1_000
FEWEST_KITCHENS = 3  # for the whole city: nobody is farther than a warm meal's ride from the nearest
HOMES_PER_TASK = 0.55  # one elder per visit; lunches go to the same homes
HOMES_PER_CAREGIVER = 0.1  # of the tasks: more than any staff needs
SETUPS = (0, 60, 120)  # seconds of stairs and bells
KITCHEN_SETUP = 180  # seconds at the counter


class Ground:
    """Places of a day: homes first, then the doors where caregivers live, then kitchens."""

    def __init__(self, seed: int, *, tasks: int, share: float) -> None:
        chance = Random(f"ground {seed} {tasks}")
        doors = _middle(_doors(), share)
        chance.shuffle(doors)
        elders, carers = ceil(tasks * HOMES_PER_TASK), ceil(tasks * HOMES_PER_CAREGIVER)
        kitchens = max(ceil(FEWEST_KITCHENS * share), round(tasks / TASKS_PER_KITCHEN))
        # Where doors are fewer than homes, elders live in flats of one house.
        home = [doors[number % len(doors)] for number in range(elders + carers)]
        self.homes = [
            Place(f"home{number}", lonlat=lonlat, setup_seconds=chance.choice(SETUPS))
            for number, lonlat in enumerate(home[:elders])
        ]
        self.bases = [Place(f"base{number}", lonlat=lonlat) for number, lonlat in enumerate(home[elders:])]
        self.kitchens = [
            Place(f"kitchen{number}", lonlat=lonlat, setup_seconds=KITCHEN_SETUP)
            for number, lonlat in enumerate(_spread(doors, kitchens))
        ]
        self.leg_metres = _leg_metres(doors)

    @property
    def places(self) -> tuple[Place, ...]:
        """All places of the problem."""
        return (*self.homes, *self.bases, *self.kitchens)

    def nearest_kitchen(self) -> list[str]:
        """The id of the kitchen nearest to each home."""
        homes, kitchens = _metres([p.lonlat for p in self.homes]), _metres([p.lonlat for p in self.kitchens])
        nearest = np.argmin(np.hypot(*(homes[:, None, :] - kitchens[None, :, :]).transpose(2, 0, 1)), axis=1)
        return [self.kitchens[number].id for number in nearest.tolist()]


@cache
def _doors() -> tuple[LonLat, ...]:
    """Some of the city's 34,000 doors, evenly along its streets: three seconds, once per process."""
    return tuple(door.lonlat for door in frontages(0, DOORS))


def _middle(doors: Sequence[LonLat], share: float) -> list[LonLat]:
    """The share of the doors that lies nearest to their middle."""
    at = _metres(doors)
    order = np.argsort(np.hypot(*(at - np.median(at, axis=0)).T), kind="stable")
    return [doors[number] for number in order[: max(1, round(share * len(doors)))].tolist()]


def _spread(doors: list[LonLat], count: int) -> list[LonLat]:
    """Doors as far apart as may be: the greedy 2-approximation of the k-centre problem (Gonzalez 1985)."""
    at = _metres(doors)
    chosen = [int(np.argmin(np.hypot(*(at - at.mean(axis=0)).T)))]
    away = np.hypot(*(at - at[chosen[0]]).T)
    while len(chosen) < count:
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.hypot(*(at - at[chosen[-1]]).T))
    return [doors[number] for number in chosen]


def _leg_metres(doors: list[LonLat]) -> float:
    """A length that, over the root of the stops around at once, estimates the way between two of them: 0.7124·√area
    is the asymptotic tour per stop (Beardwood, Halton, Hammersley 1959; constant by Applegate et al. 2011). The area
    counts the hectares that hold a door."""
    hectares = {(int(x // 100), int(y // 100)) for x, y in _metres(doors).tolist()}
    return 0.7124 * sqrt(len(hectares) * 10_000)


def _metres(points: Sequence[LonLat | None]) -> NDArray[np.float64]:
    return np.array([to_metres(point or (0.0, 0.0)) for point in points])
