"""The OpenStreetMap extract, read once: roads and parks as plain values.

Only what the demo needs is taken over: geometry, class and the name as a key by which pieces of one road belong
together. The original names never leave this package; see `place_names`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import osmium

from marketplace.demo.geography.plane import LonLat

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
EXTRACT = Path(__file__).parents[1] / "data" / "heidelberg-city.osm.pbf"
WEST, SOUTH, EAST, NORTH = 8.62, 49.36, 8.76, 49.44  # the box the extract was cut to

MAIN_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")
RESIDENTIAL_CLASSES = ("residential", "living_street", "unclassified")
_PARK_KINDS = frozenset({"park", "garden", "common", "recreation_ground"})


@dataclass(frozen=True, slots=True)
class Road:
    """One way of the extract: a piece of a road; `name_key` is its original name, a key and never shown."""

    id: int
    road_class: str
    name_key: str | None
    line: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Park:
    """A closed green area; the first corner is repeated at the end."""

    id: int
    line: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """All roads of MAIN_CLASSES (their slip roads included) and RESIDENTIAL_CLASSES, and all parks, by id."""

    roads: tuple[Road, ...]
    parks: tuple[Park, ...]


@cache
def read_extract(path: Path = EXTRACT) -> Extract:
    """Read the file: about half a second, once per process. Raises RuntimeError when it is no OSM file."""
    wanted = frozenset(MAIN_CLASSES + RESIDENTIAL_CLASSES)
    roads: list[Road] = []
    parks: list[Park] = []
    for way in (
        osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "leisure"))
    ):
        if not isinstance(way, osmium.osm.Way):
            continue  # the filter lets only ways through; this tells the type checker
        road_class = (way.tags.get("highway") or "").removesuffix("_link")
        is_road, is_park = road_class in wanted, way.tags.get("leisure") in _PARK_KINDS and way.is_closed()
        if not (is_road or is_park):
            continue
        line = tuple((round(n.lon, 7), round(n.lat, 7)) for n in way.nodes if n.location.valid())
        if len(line) < 2 or not any(_inside_box(point) for point in line):
            continue
        if is_road:
            roads.append(Road(way.id, road_class, way.tags.get("name"), line))
        elif len(line) >= 4:
            parks.append(Park(way.id, line))
    return Extract(tuple(sorted(roads, key=lambda r: r.id)), tuple(sorted(parks, key=lambda p: p.id)))


def _inside_box(point: LonLat) -> bool:
    return WEST <= point[0] <= EAST and SOUTH <= point[1] <= NORTH
