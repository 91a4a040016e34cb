"""The demo city as a tree of regions: city, district, street, community (a site is a point within a community).

Districts are power cells of equal residential street length, trimmed to the built-up area they hold; streets halve a
district, communities halve a street. Every point of a district lies in exactly one of its communities.
"""

from dataclasses import dataclass
from functools import cache

from marketplace.demo.geography import place_names
from marketplace.demo.geography.cells import Cell, Points, divide
from marketplace.demo.geography.demand import residential_points
from marketplace.demo.geography.place_names import Name
from marketplace.demo.geography.plane import LonLat, Point, Ring, to_lonlat
from marketplace.demo.geography.rings import contains, cut, widened_hull

CITY_CODE = "999900000000"  # 12 digits as in GB/T 10114; no province is numbered 99
DISTRICTS, STREETS_EACH, COMMUNITIES_EACH = 6, 2, 2
MARGIN_METRES = 60.0  # how far a district reaches beyond its outermost streets: a row of houses and their gardens


@dataclass(frozen=True, slots=True)
class Community:
    """The smallest region (社区)."""

    code: str
    name: Name
    ring: Ring
    centre: LonLat  # the middle of its residential streets, always inside the ring


@dataclass(frozen=True, slots=True)
class Street:
    """A street in the sense of the administration (街道): a group of communities, not a road."""

    code: str
    name: Name
    ring: Ring
    centre: LonLat
    communities: tuple[Community, ...]


@dataclass(frozen=True, slots=True)
class District:
    """A district (区): one branch of the time bank, one plan a day."""

    code: str
    name: Name
    ring: Ring
    centre: LonLat
    streets: tuple[Street, ...]

    @property
    def communities(self) -> tuple[Community, ...]:
        return tuple(community for street in self.streets for community in street.communities)


@dataclass(frozen=True, slots=True)
class Place:
    """The regions a point lies in."""

    district: District
    street: Street
    community: Community

    def address(self, door: Name) -> Name:
        """The full address of a door: largest region first in Chinese, last in English."""
        regions = (self.district.name, self.street.name, self.community.name)
        zh = place_names.CITY.zh + "".join(name.zh for name in regions) + door.zh
        en = ", ".join([door.en, *(name.en for name in reversed(regions)), place_names.CITY.en])
        return Name(zh, en)


@dataclass(frozen=True, slots=True)
class City:
    """The whole tree; districts stand north to south."""

    code: str
    name: Name
    districts: tuple[District, ...]

    def find(self, lonlat: LonLat) -> Place | None:
        """The regions of a point, or None outside all of them."""
        for district in self.districts:
            if not contains(district.ring, lonlat):
                continue
            for street in district.streets:
                for community in street.communities:
                    if contains(community.ring, lonlat):
                        return Place(district, street, community)
        return None


@cache
def build_city() -> City:
    """Make the city: about a second, once per process. It depends on the extract alone, not on any seed."""
    points = residential_points()
    whole = widened_hull(_rows(points), metres=MARGIN_METRES)
    cells = [_trimmed(cell) for cell in divide(points, whole, parts=DISTRICTS)]
    districts = tuple(_district(number, cell) for number, cell in enumerate(cells))
    return City(CITY_CODE, place_names.CITY, districts)


def _district(number: int, cell: Cell) -> District:
    code = f"9999{number + 1:02d}"
    halves = divide(cell.points, list(cell.ring), parts=STREETS_EACH)
    streets = tuple(_street(code, number * STREETS_EACH + n, half) for n, half in enumerate(halves))
    name = place_names.district_names()[number]
    return District(f"{code}000000", name, _ring(cell), _centre(cell), streets)


def _street(district_code: str, number: int, cell: Cell) -> Street:
    code = f"{district_code}{number % STREETS_EACH + 1:03d}"
    parts = divide(cell.points, list(cell.ring), parts=COMMUNITIES_EACH)
    communities = tuple(
        Community(
            f"{code}{n + 1:03d}",
            place_names.community_names()[number * COMMUNITIES_EACH + n],
            _ring(part),
            _centre(part),
        )
        for n, part in enumerate(parts)
    )
    return Street(f"{code}000", place_names.street_names()[number], _ring(cell), _centre(cell), communities)


def _trimmed(cell: Cell) -> Cell:
    """The cell without the fields and woods around its streets; convex, as both rings are."""
    left = list(cell.ring)
    trim = widened_hull(_rows(cell.points), metres=MARGIN_METRES)
    for (x1, y1), (x2, y2) in zip(trim, [*trim[1:], trim[0]], strict=True):
        a, b = y2 - y1, x1 - x2  # the outward normal of a counter-clockwise edge
        left = cut(left, a, b, a * x1 + b * y1)
    return Cell(tuple(left), cell.points)


def _rows(points: Points) -> list[Point]:
    return [(x, y) for x, y in points.tolist()]


def _ring(cell: Cell) -> Ring:
    return tuple(to_lonlat(point) for point in cell.ring)


def _centre(cell: Cell) -> LonLat:
    x, y = cell.points.mean(axis=0)
    return to_lonlat((float(x), float(y)))
