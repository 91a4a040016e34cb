"""A seeded day that looks like a district's: morning care, baths by two, lunches from a kitchen, escorts."""

from __future__ import annotations

import random
from dataclasses import replace

from dispatch.objective import Objective
from dispatch.places import GreatCircle, Place
from dispatch.problem import Problem
from dispatch.shifts import Aboard, Break, Shift
from dispatch.tasks import Delivery, Halt, Hold, Member, Pin, Relation, StopRef, Visit

HOUR = 3600
MODES = {
    "walk": GreatCircle(1.3, 4.5),
    "ebike": GreatCircle(1.4, 18.0),
    "car": GreatCircle(1.5, 30.0),
}
SKILLS = ("care", "bath", "medical")


def district(seed: int, *, tasks: int = 65, shifts: int = 17, kilometres: float = 4.0) -> Problem:
    """`tasks` bookings, 60 % lunches and 40 % visits of which a tenth need two, for `shifts` caregivers."""
    chance = random.Random(seed)
    centre = (8.68, 49.41)
    spread = kilometres / 111.0 / 2

    def place(name: str, setup: int = 0) -> Place:
        lon = centre[0] + chance.uniform(-spread, spread) * 1.5
        return Place(name, lonlat=(lon, centre[1] + chance.uniform(-spread, spread)), setup_seconds=setup)

    bases = [place(f"base{index}") for index in range(3)]
    kitchens = [place("kitchen", setup=180)]
    homes = [place(f"home{index}", setup=chance.choice((0, 60, 120))) for index in range(tasks)]
    lunches = tasks * 6 // 10
    visits = tuple(_visit(chance, index) for index in range(lunches, tasks))
    deliveries = tuple(_lunch(chance, index) for index in range(lunches))
    roster = tuple(_shift(chance, index, bases) for index in range(shifts))
    return Problem((*bases, *kitchens, *homes), MODES, roster, visits, deliveries)


def _shift(chance: random.Random, index: int, bases: list[Place]) -> Shift:
    early = index % 3 != 2
    window = (7 * HOUR, 15 * HOUR) if early else (11 * HOUR, 19 * HOUR)
    noon = 11 * HOUR + 1800 if early else 14 * HOUR
    base = chance.choice(bases).id
    mode = chance.choices(("walk", "ebike", "car"), (0.15, 0.65, 0.2))[0]
    return Shift(
        f"shift{index}", f"caregiver{index}", mode, base, base, window,
        skills=frozenset(skill for skill in SKILLS if skill == "care" or chance.random() < 0.5),
        capacity={"boxes": {"walk": 4, "ebike": 12, "car": 30}[mode]},
        breaks=(Break("lunch", (noon, noon + 2 * HOUR), 1800),),
        max_work_seconds=8 * HOUR,
    )  # fmt: skip


def _visit(chance: random.Random, index: int) -> Visit:
    kind = chance.choices(("care", "bath", "medical"), (0.6, 0.25, 0.15))[0]
    begin = chance.randrange(7 * 2, 17 * 2) * 1800
    crew = 2 if kind == "bath" and chance.random() < 0.4 else 1
    seconds = chance.choice((1800, 2700, 3600))
    return Visit(
        f"visit{index}", f"home{index}", ((begin, begin + chance.choice((1800, 3600, 7200))),),
        tuple(Member(seconds, frozenset({kind})) for _ in range(crew)),
        elder=f"elder{index * 2 // 3}", priority=chance.choice((30, 50, 80)),
    )  # fmt: skip


def _lunch(chance: random.Random, index: int) -> Delivery:
    begin = 11 * HOUR + chance.choice((0, 900, 1800))
    return Delivery(
        f"lunch{index}",
        Halt("kitchen", ((10 * HOUR + 1800, 12 * HOUR + 1800),), 30),
        Halt(f"home{index}", ((begin, begin + 5400),), 120),
        load={"boxes": 1}, elder=f"elder{index * 2 // 3}", max_ride_seconds=2400, priority=60,
    )  # fmt: skip


def spiced(seed: int, *, tasks: int, shifts: int) -> Problem:
    """A small day with a bit of everything a problem can say, most of it at odds with something else."""
    plain, chance = district(seed, tasks=tasks, shifts=shifts), random.Random(seed + 1)

    def some(likely: float) -> bool:
        return chance.random() < likely

    visits = tuple(
        replace(
            visit,
            mandatory=some(0.2), late_second=chance.choice((None, None, 3)), elder=f"elder{chance.randrange(4)}",
            preferred={f"caregiver{chance.randrange(shifts)}": 90} if some(0.3) else {},
            excluded=frozenset({f"caregiver{chance.randrange(shifts)}"}) if some(0.2) else frozenset(),
            stagger=(0, 900) if some(0.3) else (0, 0), end="home0" if some(0.1) else None,
            windows=(*visit.windows, (17 * HOUR + 7200, 17 * HOUR + 9000)) if some(0.3) else visit.windows,
        )
        for visit in plain.visits
    )  # fmt: skip
    deliveries = tuple(replace(box, direct=some(0.2), late_second=chance.choice((None, 1))) for box in plain.deliveries)
    ids = [visit.id for visit in visits] + [box.id for box in deliveries]
    relations = tuple(
        Relation(kind, tuple(chance.sample(ids, 2)), (0, 4 * HOUR) if kind == "sequence" else (0, 10**8))
        for kind in ("same_caregiver", "different_caregiver", "sequence")
        if some(0.6)
    )
    carried = (Aboard(deliveries[0].id, 11 * HOUR),) if deliveries and some(0.4) else ()
    roster = tuple(
        replace(
            shift,
            end=None if some(0.3) else shift.end, aboard=carried if index == 0 else (),
            overtime_after_seconds=5 * HOUR, max_overtime_seconds=HOUR if some(0.5) else None,
            cost={"travel_second": 1.3} if some(0.3) else {},
        )
        for index, shift in enumerate(plain.shifts)
    )  # fmt: skip
    holds: tuple[Hold, ...] = ("prefix", "caregiver", "time", "both")
    pins = tuple(
        Pin(
            roster[chance.randrange(shifts)].id, StopRef("visit", visit.id), hold,
            None if hold == "caregiver" else visit.windows[0][0] + 300,
        )
        for visit, hold in zip(visits, holds, strict=False)
        if some(0.4)
    )  # fmt: skip
    weights = Objective(wait_second=chance.choice((0, 1)), unfair_second=chance.choice((0, 1)), moved_second=1)
    return replace(
        plain, visits=visits, deliveries=deliveries, relations=relations, shifts=roster, pins=pins, objective=weights
    )
