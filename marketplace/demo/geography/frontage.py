"""Doors: invented addresses at real street frontage.

Every named road is walked from end to end; each 12 m there is a door on either side, odd numbers left and even ones
right as in a Chinese city. Choosing doors evenly at random spreads them by street length.
"""

from dataclasses import dataclass
from functools import cache
from math import hypot
from random import Random

from marketplace.demo.geography.city import City, Place, build_city
from marketplace.demo.geography.demand import is_built_up, walk
from marketplace.demo.geography.extract import RESIDENTIAL_CLASSES, read_extract
from marketplace.demo.geography.place_names import Name, road_names
from marketplace.demo.geography.plane import LonLat, Point, distance_metres, to_lonlat, to_metres

DOOR_METRES = 12.0  # from one door to the next along the road
SIDE_METRES = 7.0  # from the middle of the road to the door
APART_METRES = 4.0  # two doors nearer than this, of roads that run side by side, count as the same spot


class TooFewFrontages(ValueError):
    """More doors are asked for than the residential streets of the city hold."""

    def __init__(self, asked: int, available: int) -> None:
        super().__init__(f"{asked} frontages asked for, the city has {available}")
        self.asked = asked
        self.available = available


@dataclass(frozen=True, slots=True)
class Door:
    """A numbered spot beside a road, before it is known which region it lies in."""

    lonlat: LonLat
    road_class: str
    text: Name  # "松影路12号", "12 Songying Road"


@dataclass(frozen=True, slots=True)
class Frontage:
    """A door with its regions and its full invented address."""

    lonlat: LonLat
    address: Name
    district_code: str
    street_code: str
    community_code: str

    @classmethod
    def of(cls, door: Door, place: Place) -> "Frontage":
        codes = place.district.code, place.street.code, place.community.code
        return cls(door.lonlat, place.address(door.text), *codes)


def frontages(seed: int, count: int) -> tuple[Frontage, ...]:
    """That many doors on residential streets of the built-up area, no two at one spot or address.

    The same seed gives the same doors, and fewer of them are the first of more. Raises TooFewFrontages, and ValueError
    for a negative count.
    """
    if count < 0:
        raise ValueError(f"count must not be negative, it is {count}")
    city = build_city()
    stock = [door for door in doors() if door.road_class in RESIDENTIAL_CLASSES and _has_neighbours(door)]
    Random(f"frontages {seed}").shuffle(stock)
    chosen = _apart(city, stock, count)
    if len(chosen) < count:
        raise TooFewFrontages(count, len(chosen))
    return tuple(chosen)


def _apart(city: City, stock: list[Door], count: int) -> list[Frontage]:
    chosen: list[Frontage] = []
    taken: dict[tuple[int, int], list[LonLat]] = {}
    for door in stock:
        if len(chosen) == count:
            break
        x, y = to_metres(door.lonlat)
        i, j = int(x // APART_METRES), int(y // APART_METRES)
        near = [spot for a in (i - 1, i, i + 1) for b in (j - 1, j, j + 1) for spot in taken.get((a, b), ())]
        if any(distance_metres(spot, door.lonlat) < APART_METRES for spot in near):
            continue
        if place := city.find(door.lonlat):
            taken.setdefault((i, j), []).append(door.lonlat)
            chosen.append(Frontage.of(door, place))
    return chosen


@cache
def doors() -> tuple[Door, ...]:
    """Every door of every named road of the extract; the numbers of a road run on over all its pieces."""
    found: list[Door] = []
    passed: dict[str, int] = {}
    names = road_names()
    for road in read_extract().roads:
        if road.name_key is None:
            continue  # a door needs a road to be named after
        name = names[road.name_key]
        first = passed.get(road.name_key, 0)
        spots = _both_sides(road.line)
        for n, (left, right) in enumerate(spots, start=first):
            found.append(Door(to_lonlat(left), road.road_class, _numbered(name, 2 * n + 1)))
            found.append(Door(to_lonlat(right), road.road_class, _numbered(name, 2 * n + 2)))
        passed[road.name_key] = first + len(spots)
    return tuple(found)


def _has_neighbours(door: Door) -> bool:
    return is_built_up(to_metres(door.lonlat))


def _both_sides(line: tuple[LonLat, ...]) -> list[tuple[Point, Point]]:
    """The doors left and right of each point along the line, square to the way there from the point before."""
    points = walk(line, every_metres=DOOR_METRES)
    befores = [to_metres(line[0]), *points]
    sides = []
    for (x0, y0), (x, y) in zip(befores, points, strict=False):
        length = hypot(x - x0, y - y0)
        if length > 0:
            dx, dy = -(y - y0) / length * SIDE_METRES, (x - x0) / length * SIDE_METRES
            sides.append(((x + dx, y + dy), (x - dx, y - dy)))
    return sides


def _numbered(road: Name, number: int) -> Name:
    return Name(f"{road.zh}{number}号", f"{number} {road.en}")
