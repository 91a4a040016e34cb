"""What a city day asks for: visits all over the day, lunches around noon."""

from __future__ import annotations

from random import Random

from bench.city_parts.ground import Ground
from dispatch.tasks import Delivery, Halt, Member, Visit

HOUR = 3600
VISIT_SHARE = 0.55
CREW_SHARE = 0.15  # of the baths
KINDS = {"care": 0.40, "bath": 0.30, "cleaning": 0.20, "medical": 0.10}
SERVICE_MINUTES = {"care": (20, 30, 45), "bath": (40, 50, 60), "cleaning": (60, 90), "medical": (15, 20, 30)}
# Between eleven and three the early and the late shifts are both there, less their breaks.
STARTS = {(7.5, 11.0): 0.34, (11.0, 15.0): 0.38, (15.0, 17.5): 0.28}  # hours: share of the visits
WIDTH_MINUTES = (30, 60, 60, 120)
LUNCH_STARTS = (11.0, 11.25, 11.5)  # hours
LUNCH_MINUTES = 90
COOKED = (10.5, 12.75)  # hours between which boxes are handed out
MAX_RIDE_MINUTES = 40


class Demand:
    """The visits and lunches of a day. An elder has one visit at most and one lunch at most."""

    def __init__(self, ground: Ground, seed: int, *, tasks: int) -> None:
        chance = Random(f"demand {seed} {tasks}")
        count = round(tasks * VISIT_SHARE)
        self.visits = tuple(_visit(chance, ground, number) for number in range(count))
        kitchens = ground.nearest_kitchen()
        eaters = sorted(chance.sample(range(len(ground.homes)), tasks - count))
        self.lunches = tuple(_lunch(chance, ground, number, kitchens[number]) for number in eaters)


def _visit(chance: Random, ground: Ground, number: int) -> Visit:
    (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
    seconds = chance.choice(SERVICE_MINUTES[kind]) * 60
    crew = 2 if kind == "bath" and chance.random() < CREW_SHARE else 1
    ((begin, end),) = chance.choices(list(STARTS), list(STARTS.values()))
    opens = int(chance.uniform(begin, end) * 4) * 900
    return Visit(
        f"visit{number}", ground.homes[number].id, ((opens, opens + chance.choice(WIDTH_MINUTES) * 60),),
        tuple(Member(seconds, frozenset({kind})) for _ in range(crew)),
        elder=f"elder{number}", priority=80 if kind == "medical" else 50,
    )  # fmt: skip


def _lunch(chance: Random, ground: Ground, number: int, kitchen: str) -> Delivery:
    due = int(chance.choice(LUNCH_STARTS) * HOUR)
    ready, last = (int(hour * HOUR) for hour in COOKED)
    return Delivery(
        f"lunch{number}", Halt(kitchen, ((ready, last),), 15),
        Halt(ground.homes[number].id, ((due, due + LUNCH_MINUTES * 60),), 90),
        load={"boxes": 1}, elder=f"elder{number}", max_ride_seconds=MAX_RIDE_MINUTES * 60,
        skills=frozenset({"meals"}), priority=60,
    )  # fmt: skip
