"""Wishes: who books what for whom, and how it is paid. Pure chance from the seed, so that a day can be told again."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from marketplace.demo.population import Cast

Cancels = Literal["no", "before", "after"]

MEALS_OF_TEN = 6
HOME_SERVICES = (("bath", "paid"), ("cleaning", "low_cost"), ("cleaning", "paid"), ("escort", "low_cost"))
NURSING = (("medical", "paid"), ("medical", "free"))
MEAL_TIERS = ("low_cost", "low_cost", "paid")
DECLINED = "pm_card_chargeDeclined"  # Stripe's test card that every bank declines: some bookings shall fail
METHODS = {"pm_card_visa": 93, DECLINED: 4, "alipay": 3}  # of a hundred
CANCELS: dict[Cancels, int] = {"no": 94, "before": 3, "after": 3}


@dataclass(frozen=True, slots=True)
class Wish:
    """One booking somebody is about to make. `share` picks among the free slots; `method` None: free or in hours."""

    number: int
    phone: str
    elder: int
    service: str
    tier: str
    unit: str
    method: str | None
    share: float
    cancels: Cancels

    @property
    def is_meal(self) -> bool:
        return self.service == "meal"


def wishes(cast: Cast, count: int, *, seed: int) -> list[Wish]:
    """That many wishes: six of ten are lunches. Everybody wishes once before anybody wishes twice."""
    bookers = _bookers(cast, seed)
    granted = set(cast.granted)
    # whoever was granted hours spends them on a home visit first
    savers = [booker for booker in bookers if booker[1] in granted and booker[0] == cast.elders[booker[1]].person.phone]
    found: list[Wish] = []
    for number in range(count):
        random = Random(f"wish {seed} {number}")
        phone, elder = bookers[number % len(bookers)]
        if number % 10 < MEALS_OF_TEN:
            found.append(_wish(number, phone, elder, "meal", random.choice(MEAL_TIERS), "fen", random))
        elif number % 10 == 9 and savers:
            phone, elder = savers.pop(0)
            service = random.choice(("cleaning", "escort"))
            found.append(_wish(number, phone, elder, service, "low_cost", "minutes", random))
        else:
            service, tier = random.choice(HOME_SERVICES + NURSING)
            found.append(_wish(number, phone, elder, service, tier, "fen", random))
    return found


def _bookers(cast: Cast, seed: int) -> list[tuple[str, int]]:
    """Telephone and elder of everybody who may book: families, and elders who sign in themselves."""
    found = [(one.person.phone, one.elder) for one in cast.families]
    found += [(one.person.phone, number) for number, one in enumerate(cast.elders) if one.signs_in]
    Random(f"bookers {seed}").shuffle(found)
    return found


def _wish(number: int, phone: str, elder: int, service: str, tier: str, unit: str, random: Random) -> Wish:
    method = random.choices(list(METHODS), list(METHODS.values()))[0]
    cancels = random.choices(list(CANCELS), list(CANCELS.values()))[0]
    return Wish(
        number=number,
        phone=phone,
        elder=elder,
        service=service,
        tier=tier,
        unit=unit,
        method=None if tier == "free" or unit == "minutes" else method,
        share=random.random(),
        cancels=cancels,
    )
