"""The map of the demo city: valid GeoJSON, small, attributed, written whole and once."""

import json
from pathlib import Path

import pytest

from marketplace.demo.geography import ATTRIBUTION, roads_geojson, write_map_layers
from marketplace.demo.geography.extract import RESIDENTIAL_CLASSES, read_extract
from marketplace.demo.geography.roads_layer import joined


def test_pieces_that_meet_become_one_line_and_a_ring_of_pieces_too() -> None:
    a, b, c, d = (0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0)
    assert joined([(b, c), (a, b), (c, d)]) == [[a, b, c, d]]
    assert joined([(a, b), (b, c), (c, a)]) == [[a, b, c, a]]


@pytest.mark.parametrize("kind", ["main", "all"])
def test_roads_are_valid_lines_with_class_and_name_at_five_decimals(kind: str) -> None:
    layer = roads_geojson(kind)  # type: ignore[arg-type]  # the parameter is one of the two literals
    assert layer["type"] == "FeatureCollection"
    for feature in layer["features"]:
        assert set(feature["properties"]) == {"class", "name"}
        coordinates = feature["geometry"]["coordinates"]
        assert feature["geometry"]["type"] == "LineString"
        assert len(coordinates) >= 2
        for lon, lat in coordinates:
            assert 8.5 < lon < 8.9
            assert 49.3 < lat < 49.5
            assert (round(lon, 5), round(lat, 5)) == (lon, lat)


def test_main_roads_hold_no_residential_street_and_all_roads_do() -> None:
    main = {f["properties"]["class"] for f in roads_geojson("main")["features"]}
    every = {f["properties"]["class"] for f in roads_geojson("all")["features"]}
    assert main == {"motorway", "trunk", "primary", "secondary", "tertiary"}
    assert every == main | set(RESIDENTIAL_CLASSES)


def test_no_original_name_is_shown_on_the_map() -> None:
    shown = {f["properties"]["name"] for f in roads_geojson("all")["features"]}
    assert not shown & {r.name_key for r in read_extract().roads}


def test_another_kind_of_roads_is_refused() -> None:
    with pytest.raises(ValueError, match="main or all"):
        roads_geojson("footpaths")  # type: ignore[arg-type]  # the mistake under test


def test_the_layers_are_small_attributed_and_closed(tmp_path: Path) -> None:
    paths = write_map_layers(tmp_path / "layers")
    assert set(paths) == {"roads", "parks", "districts"}
    assert sum(path.stat().st_size for path in paths.values()) <= 600_000
    for path in paths.values():
        layer = json.loads(path.read_text(encoding="utf-8"))
        assert layer["attribution"] == ATTRIBUTION
        for feature in layer["features"]:
            if feature["geometry"]["type"] == "Polygon":
                (ring,) = feature["geometry"]["coordinates"]
                assert ring[0] == ring[-1]
                assert len(ring) >= 4


def test_layers_are_written_once_and_again_when_one_is_missing_or_outdated(tmp_path: Path) -> None:
    paths = write_map_layers(tmp_path)
    whole = paths["parks"].read_bytes()
    paths["parks"].write_text("kept", encoding="utf-8")
    write_map_layers(tmp_path)
    assert paths["parks"].read_text(encoding="utf-8") == "kept"
    paths["roads"].unlink()
    write_map_layers(tmp_path)
    assert paths["parks"].read_bytes() == whole
    (tmp_path / "layers.stamp").write_text("0 an older extract", encoding="utf-8")
    paths["parks"].write_text("old", encoding="utf-8")
    write_map_layers(tmp_path)
    assert paths["parks"].read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "districts.geojson",
        "layers.stamp",
        "parks.geojson",
        "roads.geojson",
    ]
