"""Files behind the pages: ours, the map library's, the map's layers; nothing else, and nothing twice."""

from pathlib import Path

import httpx
import pytest

from marketplace.base.platform import Platform
from marketplace.console import files


async def test_our_files_come_with_their_type_and_once(client: httpx.AsyncClient) -> None:
    for name, media in (("console.css", "text/css"), ("day.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = await client.get(f"/console/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        again = await client.get(f"/console/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_no_other_file_can_be_asked_for(client: httpx.AsyncClient) -> None:
    for path in (
        "static/routes.py",
        "static/..%2Froutes.py",
        "static/%2e%2e%2froutes.py",
        "leaflet/leaflet-src.js",
        "leaflet/..%2Fpackage.json",
        "leaflet/images/..%2F..%2Fpackage.json",
        "map/secret.key",
        "map/..%2Fsecret.key",
        "map/roads",
    ):
        assert (await client.get(f"/console/{path}")).status_code == 404, path


async def test_a_layer_comes_from_the_data_folder_or_is_missing_by_name(
    platform: Platform, client: httpx.AsyncClient
) -> None:
    missing = await client.get("/console/map/roads.geojson")
    assert (missing.status_code, missing.json()["code"]) == (404, "file_missing")
    folder = platform.settings.data / "map"
    folder.mkdir()
    (folder / "roads.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    found = await client.get("/console/map/roads.geojson")
    assert found.json() == {"type": "FeatureCollection", "features": []}
    assert found.headers["content-type"].startswith("application/geo+json")


async def test_the_map_library_is_served_from_where_npm_put_it(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "leaflet.js").write_text("var L;")
    monkeypatch.setattr(files, "LEAFLET", tmp_path)
    assert (await client.get("/console/leaflet/leaflet.js")).text == "var L;"
    assert (await client.get("/console/leaflet/leaflet.css")).status_code == 404


async def test_a_cookie_that_has_run_out_keeps_no_file_from_its_page(client: httpx.AsyncClient) -> None:
    client.cookies.set("liuzhu_access", "no.token.any-more", domain="liuzhu.test", path="/console")
    assert (await client.get("/console/static/day.js")).status_code == 200
