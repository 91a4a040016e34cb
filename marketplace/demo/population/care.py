"""The caregivers of the cast: every provider employs the same pattern of people, so that no district is left bare.

Riders carry meals around noon; the others visit homes. Baths are given by two people of the elder's gender, so either
gender comes in pairs. Days off go round the week, so that every day has somebody of each kind.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, time

from marketplace.catalogue.service import Skill
from marketplace.demo.geography import Frontage, LonLat, sites
from marketplace.demo.names import persons
from marketplace.demo.population.roles import CastCaregiver

FIRST_CAREGIVER = 5000
BORN = (date(1966, 1, 1), date(2003, 12, 31))
BOXES = 20


@dataclass(frozen=True, slots=True)
class _Post:
    gender: str
    mode: str
    skills: tuple[Skill, ...]
    abroad: bool = False  # works in the neighbouring district

    @property
    def rides(self) -> bool:
        return "meal" in self.skills


_POSTS = (
    _Post("f", "ebike", ("meal",)),
    _Post("f", "walk", ("bath", "cleaning")),
    _Post("f", "ebike", ("bath", "cleaning", "escort")),
    _Post("m", "ebike", ("bath", "cleaning", "escort")),
    _Post("m", "car", ("bath", "escort", "medical")),
    _Post("m", "ebike", ("meal",)),
    _Post("f", "ebike", ("escort", "medical"), abroad=True),
    _Post("f", "ebike", ("bath", "cleaning")),
    _Post("f", "ebike", ("meal",)),
    _Post("m", "ebike", ("bath", "cleaning")),
    _Post("f", "car", ("bath", "escort", "medical")),
    _Post("m", "ebike", ("meal",)),
    _Post("f", "walk", ("cleaning", "escort"), abroad=True),
    _Post("f", "ebike", ("bath", "cleaning")),
    _Post("m", "car", ("meal",)),
    _Post("m", "ebike", ("bath", "escort")),
    _Post("f", "walk", ("cleaning", "escort"), abroad=True),
)
_RIDER = (time(10), time(14, 30), time(13), time(13, 30), 1800)
_CARER = (
    (time(7), time(15, 30), time(11), time(12, 30), 2700),
    (time(8), time(17), time(11, 30), time(13), 2700),
    (time(10), time(19), time(13), time(14, 30), 2700),
)


def caregivers(seed: int, count: int, spare: tuple[Frontage, ...], codes: tuple[str, ...]) -> tuple[CastCaregiver, ...]:
    """That many caregivers, dealt to the providers in turn. They start at a spare door of their district.

    `codes` are the districts' in their order. Where doors run out, they start at their provider's office.
    """
    doors: dict[str, list[LonLat]] = defaultdict(list)
    for frontage in spare:
        doors[frontage.district_code].append(frontage.lonlat)
    offices = [site.frontage.lonlat for site in sites(seed).providers]
    made = []
    for number in range(count):
        provider, turn = number % len(codes), number // len(codes)
        post = _POSTS[turn % len(_POSTS)]
        district = (provider + post.abroad) % len(codes)
        own = doors[codes[district]]
        made.append(_caregiver(seed, number, post, provider, district, own.pop() if own else offices[district]))
    return tuple(made)


def _caregiver(seed: int, number: int, post: _Post, provider: int, district: int, place: LonLat) -> CastCaregiver:
    turn = number // 6
    share = 1.0 if post.gender == "f" else 0.0
    (person,) = persons(seed, 1, first_index=FIRST_CAREGIVER + number, born=BORN, female_share=share)
    hours = _RIDER if post.rides else _CARER[turn % len(_CARER)]
    return CastCaregiver(
        person=person,
        provider=provider,
        district=district,
        mode=post.mode,
        skills=post.skills,
        boxes=BOXES if post.rides else 0,
        place=place,
        starts=hours[0],
        ends=hours[1],
        rest_from=hours[2],
        rest_until=hours[3],
        rest_seconds=hours[4],
        day_off=(turn // 3 + provider) % 7,
    )
