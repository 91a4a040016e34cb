"""Who works on a city day: early and late carers and, around noon, riders, all from their homes.

Their number follows from the work: service, setup and an estimate of the ways, over the hours a shift can give.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt
from random import Random

from bench.city_parts.demand import HOUR, Demand
from bench.city_parts.ground import Ground
from dispatch.shifts import Break, Shift
from dispatch.tasks import Visit

EARLY, LATE, NOON = (7 * HOUR, 15 * HOUR), (11 * HOUR, 19 * HOUR), (10 * HOUR, 14 * HOUR)
BREAK_SECONDS = 1800
BREAK_WINDOWS = {EARLY: (10 * HOUR + 1800, 13 * HOUR), LATE: (14 * HOUR, 17 * HOUR)}
CARER_MODES = {"walk": 0.15, "ebike": 0.65, "car": 0.20}
RIDER_MODES = {"ebike": 0.70, "car": 0.30}
METRES_PER_SECOND = 18 / 3.6 / 1.4  # by e-bike as the crow flies, the commonest way
BOXES = {"walk": 4, "ebike": 12, "car": 30}
SKILL_SHARES = {"care": 1.0, "cleaning": 0.9, "bath": 0.6, "medical": 0.35, "meals": 0.3}
CARER_SECONDS = 4.7 * HOUR  # of eight hours, at work or under way: the rest is break, waiting for windows, slack
RIDER_SECONDS = 1.4 * HOUR  # of the two and a half hours in which boxes travel: the rest is the way back and slack
SPOTS_AT_ONCE = 10  # a tenth of the day's visits are due around one time
PREFERRED_SHARE, EXCLUDED_SHARE = 0.3, 0.02
PREFERRED_BONUS = 120


class Staff:
    """The shifts of a day, one per caregiver."""

    def __init__(self, ground: Ground, demand: Demand, seed: int, *, staffing: float) -> None:
        self._chance = Random(f"staff {seed} {len(demand.visits)}")
        carers = ceil(staffing * _care_seconds(ground, demand) / CARER_SECONDS)
        riders = ceil(staffing * _lunch_seconds(ground, demand) / RIDER_SECONDS)
        carers = max(carers, 6)  # two of every skill early and late
        self.shifts = (
            *(self._carer(ground, number) for number in range(carers)),
            *(self._rider(ground, number) for number in range(max(riders, len(ground.kitchens)))),
        )

    def _carer(self, ground: Ground, number: int) -> Shift:
        window = (EARLY, LATE)[number % 2]
        base = ground.bases[number % len(ground.bases)].id
        mode = self._one_of(CARER_MODES)
        skills = {skill for skill, share in SKILL_SHARES.items() if number < 6 or self._chance.random() < share}
        return Shift(
            f"carer{number}", f"caregiver{number}", mode, base, base, window,
            skills=frozenset(skills), capacity={"boxes": BOXES[mode]},
            breaks=(Break("rest", BREAK_WINDOWS[window], BREAK_SECONDS),),
        )  # fmt: skip

    def _rider(self, ground: Ground, number: int) -> Shift:
        base = ground.bases[-1 - number % len(ground.bases)].id
        mode = self._one_of(RIDER_MODES)
        return Shift(
            f"rider{number}", f"rider{number}", mode, base, base, NOON,
            skills=frozenset({"meals"}), capacity={"boxes": BOXES[mode]},
        )  # fmt: skip

    def _one_of(self, shares: dict[str, float]) -> str:
        return self._chance.choices(list(shares), list(shares.values()))[0]

    def with_wishes(self, visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
        """Some elders have a caregiver they prefer, a few one they will not have."""
        names = [shift.caregiver for shift in self.shifts if shift.breaks]
        return tuple(self._with_wish(visit, names) for visit in visits)

    def _with_wish(self, visit: Visit, names: list[str]) -> Visit:
        wanted, unwanted = self._chance.sample(names, 2)
        prefers, excludes = self._chance.random() < PREFERRED_SHARE, self._chance.random() < EXCLUDED_SHARE
        return replace(
            visit,
            preferred={wanted: PREFERRED_BONUS} if prefers else {},
            excluded=frozenset({unwanted}) if excludes else frozenset(),
        )


def _care_seconds(ground: Ground, demand: Demand) -> float:
    """Service, setup and ways of all visits, each member of a crew counted."""
    setup = {place.id: place.setup_seconds for place in ground.homes}
    legs = sum(len(visit.crew) for visit in demand.visits)
    way = ground.leg_metres / sqrt(max(1.0, legs / SPOTS_AT_ONCE)) / METRES_PER_SECOND
    return sum(member.service_seconds + setup[visit.place] + way for visit in demand.visits for member in visit.crew)


def _lunch_seconds(ground: Ground, demand: Demand) -> float:
    """Service, setup and ways of all lunches."""
    setup = {place.id: place.setup_seconds for place in ground.homes}
    way = ground.leg_metres / sqrt(max(1, len(demand.lunches))) / METRES_PER_SECOND
    return sum(box.dropoff.service_seconds + setup[box.dropoff.place] + way for box in demand.lunches)
