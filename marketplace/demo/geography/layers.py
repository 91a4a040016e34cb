"""The files behind the map: roads, parks and regions as GeoJSON in a folder.

They are made from the extract when they are missing and kept as they are afterwards. A stamp names the extract and this
code's revision; a file is moved into place whole, so a start that is killed half-way leaves nothing torn.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from marketplace.demo.geography.city import build_city
from marketplace.demo.geography.extract import ATTRIBUTION, EXTRACT, read_extract
from marketplace.demo.geography.place_names import Name
from marketplace.demo.geography.plane import LonLat, Ring
from marketplace.demo.geography.roads_layer import roads_geojson, rounded
from marketplace.demo.geography.simplify import simplified

REVISION = 1  # raise it when a layer's content changes
PARK_TOLERANCE_METRES = 6.0
STAMP = "layers.stamp"


def write_map_layers(folder: Path) -> dict[str, Path]:
    """Make sure the folder holds every layer of the map; gives the path of each by its name.

    The names are `roads` (all of them, by class), `parks` and `districts` (with their communities). Files that are up
    to date are not touched; two processes may do this at once. Raises OSError when the folder cannot be written.
    """
    makers = {"roads": _all_roads, "parks": parks_geojson, "districts": districts_geojson}
    paths = {name: folder / f"{name}.geojson" for name in makers}
    stamp = f"{REVISION} {hashlib.sha256(EXTRACT.read_bytes()).hexdigest()}"
    if _is_current(folder, stamp) and all(path.is_file() for path in paths.values()):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in paths.items():
        layer = {**makers[name](), "attribution": ATTRIBUTION}
        _replace(path, json.dumps(layer, ensure_ascii=False, separators=(",", ":")))
    _replace(folder / STAMP, stamp)  # last: only whole layers are stamped
    return paths


def parks_geojson() -> dict[str, Any]:
    """Parks as polygons without properties."""
    return _collection(
        _polygon([corners], {})
        for park in read_extract().parks
        if len(corners := rounded(simplified(park.line, metres=PARK_TOLERANCE_METRES))) >= 4  # a ring, not a speck
    )


def districts_geojson() -> dict[str, Any]:
    """Districts and communities as polygons with `level`, `code`, `name` and `name_en`."""
    features = []
    for district in build_city().districts:
        features.append(_region("district", district.code, district.name, district.ring))
        features += [_region("community", c.code, c.name, c.ring) for c in district.communities]
    return _collection(features)


def _all_roads() -> dict[str, Any]:
    return roads_geojson("all")


def _region(level: str, code: str, name: Name, ring: Ring) -> dict[str, Any]:
    corners: list[list[LonLat]] = [[*ring, ring[0]]]
    return _polygon(corners, {"level": level, "code": code, "name": name.zh, "name_en": name.en})


def _polygon(rings: Sequence[Sequence[Sequence[float]]], properties: dict[str, str]) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [[list(corner) for corner in ring] for ring in rings]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _is_current(folder: Path, stamp: str) -> bool:
    try:
        return (folder / STAMP).read_text(encoding="utf-8") == stamp
    except FileNotFoundError:
        return False


def _replace(path: Path, text: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).chmod(0o644)  # a temporary file is private; the web server may be another user
    Path(draft.name).replace(path)
