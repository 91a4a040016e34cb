"""The roads as GeoJSON lines for a map drawn on a canvas.

Pieces of one road that meet end to end are joined before they are simplified: fewer features and fewer corners, the
same picture.
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any, Literal

from marketplace.demo.geography.extract import MAIN_CLASSES, Road, read_extract
from marketplace.demo.geography.place_names import road_names
from marketplace.demo.geography.plane import LonLat
from marketplace.demo.geography.simplify import simplified

ROAD_TOLERANCE_METRES = 4.0
DECIMALS = 5  # about one metre


def roads_geojson(kind: Literal["main", "all"]) -> dict[str, Any]:
    """A FeatureCollection of LineStrings with `class` and the invented Chinese `name` ("" where a road has none).

    "main" holds motorways down to tertiary roads, "all" the residential streets too; thinnest classes first, so that
    main roads are drawn on top. Raises ValueError for another kind.
    """
    if kind not in {"main", "all"}:
        raise ValueError(f"kind is main or all, not {kind!r}")
    pieces: dict[tuple[str, str], list[tuple[LonLat, ...]]] = defaultdict(list)
    for road in read_extract().roads:
        if kind == "all" or road.road_class in MAIN_CLASSES:
            pieces[road.road_class, _shown_name(road)].append(road.line)
    features = [
        _feature(road_class, name, line)
        for (road_class, name), lines in sorted(pieces.items(), key=lambda item: (_rank(item[0][0]), item[0][1]))
        for line in joined(lines)
    ]
    return {"type": "FeatureCollection", "features": features}


def joined(lines: list[tuple[LonLat, ...]]) -> list[list[LonLat]]:
    """Join lines whose end is another's start, as long as that is possible; directions are kept."""
    starts: dict[LonLat, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        starts[line[0]].append(number)
    ends = {line[-1] for line in lines}
    used: set[int] = set()
    chains: list[list[LonLat]] = []
    heads_first = sorted(range(len(lines)), key=lambda number: lines[number][0] in ends)
    for number in heads_first:
        if number in used:
            continue
        used.add(number)
        chain = list(lines[number])
        while following := [k for k in starts[chain[-1]] if k not in used]:
            used.add(following[0])
            chain += lines[following[0]][1:]
        chains.append(chain)
    return chains


def rounded(line: list[LonLat]) -> list[list[float]]:
    """Positions as GeoJSON wants them, without repeats that rounding makes."""
    positions = [[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in line]
    moved = [b for a, b in pairwise(positions) if a != b]
    return positions[:1] + (moved or positions[-1:])


def _feature(road_class: str, name: str, line: list[LonLat]) -> dict[str, Any]:
    coordinates = rounded(simplified(line, metres=ROAD_TOLERANCE_METRES))
    return {
        "type": "Feature",
        "properties": {"class": road_class, "name": name},
        "geometry": {"type": "LineString", "coordinates": coordinates},
    }


def _shown_name(road: Road) -> str:
    return road_names()[road.name_key].zh if road.name_key else ""


def _rank(road_class: str) -> int:
    return -MAIN_CLASSES.index(road_class) if road_class in MAIN_CLASSES else -len(MAIN_CLASSES)
