"""Where providers, kitchens and community centres stand.

Each district has one provider's office on a main road and one community centre on a residential street, both near its
middle. Three kitchens stand so that the community farthest from its kitchen is as near as possible (the p-centre
problem, Hakimi 1964; with 24 communities all 2,024 choices are simply tried).
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from random import Random

from marketplace.demo.geography.city import build_city
from marketplace.demo.geography.extract import RESIDENTIAL_CLASSES
from marketplace.demo.geography.frontage import Door, Frontage, doors
from marketplace.demo.geography.place_names import Name, kitchen_names
from marketplace.demo.geography.plane import LonLat, distance_metres

OFFICE_CLASSES = ("primary", "secondary", "tertiary")
CHOICE = 8  # the seed picks one of this many nearest doors


@dataclass(frozen=True, slots=True)
class Site:
    """A place of an organisation: a code unique in the city, an invented name, a door."""

    code: str
    name: Name
    frontage: Frontage


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites of the demo: one office and one centre per district, in the order of districts, and the kitchens."""

    providers: tuple[Site, ...]
    kitchens: tuple[Site, ...]
    centres: tuple[Site, ...]


@cache
def sites(seed: int) -> Sites:
    """The sites for a seed, no two behind one door; the same seed gives the same sites."""
    random = Random(f"sites {seed}")
    districts = build_city().districts
    main = [door for door in doors() if door.road_class in OFFICE_CLASSES]
    homes = [door for door in doors() if door.road_class in RESIDENTIAL_CLASSES]
    providers, centres = [], []
    for number, district in enumerate(districts, start=1):
        office = _settle(random, main, district.centre, within=district.code)
        providers.append(Site(f"provider-{number}", _named(district.name, "养老服务中心", "Home Care"), office))
        home = _settle(random, homes, district.centre, within=district.code)
        centres.append(Site(f"centre-{number}", _named(district.name, "社区之家", "Community Centre"), home))
    kitchens = [
        Site(f"kitchen-{number}", name, _settle(random, main, middle))
        for number, (name, middle) in enumerate(zip(kitchen_names(), _kitchen_middles(), strict=True), start=1)
    ]
    return Sites(tuple(providers), tuple(kitchens), tuple(centres))


def _settle(random: Random, stock: list[Door], middle: LonLat, *, within: str | None = None) -> Frontage:
    """One of the few doors nearest to the middle, of that district if one is named; it is taken out of the stock."""
    stock.sort(key=lambda door: distance_metres(door.lonlat, middle))
    near: list[Frontage] = []
    for door in stock:
        place = build_city().find(door.lonlat)
        if place and within in {None, place.district.code}:
            near.append(Frontage.of(door, place))
        if len(near) == CHOICE:
            break
    chosen = random.choice(near)
    stock[:] = [door for door in stock if door.lonlat != chosen.lonlat]
    return chosen


@cache
def _kitchen_middles() -> tuple[LonLat, ...]:
    centres = [c.centre for district in build_city().districts for c in district.communities]
    metres = [[distance_metres(one, other) for other in centres] for one in centres]

    def reach(chosen: tuple[int, ...]) -> float:
        return max(min(row[k] for k in chosen) for row in metres)

    best = min(combinations(range(len(centres)), len(kitchen_names())), key=reach)
    return tuple(centres[k] for k in best)


def _named(district: Name, zh: str, en: str) -> Name:
    """云杉区 and 养老服务中心 make 云杉养老服务中心."""
    return Name(district.zh.removesuffix("区") + zh, f"{district.en.removesuffix(' District')} {en}")
