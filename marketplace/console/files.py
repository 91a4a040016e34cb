"""The files behind the pages: our own style sheet and script, the map library, the layers of the map.

Names are looked up, never joined to a path, so nothing outside these three places can be asked for. The layers are
written into the data folder when the city is set up; a city without them has a map without streets.
"""

from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from marketplace.base.errors import Unknown
from marketplace.web.dependencies import Home
from marketplace.web.etag import etag

PACKAGE = Path(__file__).parent
LEAFLET = PACKAGE.parents[1] / "node_modules" / "leaflet" / "dist"
LAYERS = ("roads", "parks", "districts")
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".geojson": "application/geo+json",
}
STATIC = {path.name: path for path in (PACKAGE / "static").iterdir()}
LIBRARY = ("leaflet.js", "leaflet.css")
LIBRARY_IMAGES = ("layers.png", "layers-2x.png", "marker-icon.png")

# these files hold nobody's data, and an access cookie that has run out must not keep them from a page
PUBLIC: dict[str, Any] = {"sync_to_thread": True, "include_in_schema": False, "exclude_from_auth": True}


class FileMissing(Unknown):
    """No such file, or it was not installed or made yet."""

    code = "file_missing"
    zh = "没有这个文件，或尚未安装、生成。"
    en = "There is no such file, or it has not been installed or made yet."


@get("/console/static/{name:str}", **PUBLIC)
def static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Our own files."""
    return _answer(request, STATIC.get(name))


@get("/console/leaflet/{name:str}", **PUBLIC)
def library(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """The map library, as npm installed it."""
    return _answer(request, LEAFLET / name if name in LIBRARY else None)


@get("/console/leaflet/images/{name:str}", **PUBLIC)
def library_image(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """The pictures that the map library's style sheet names."""
    return _answer(request, LEAFLET / "images" / name if name in LIBRARY_IMAGES else None)


@get("/console/map/{name:str}", **PUBLIC)
def layer(request: Request[Any, Any, Any], name: FromPath[str], platform: Home) -> Response[bytes]:
    """A layer of the map, as GeoJSON."""
    known = name.removesuffix(".geojson") in LAYERS and name.endswith(".geojson")
    return _answer(request, platform.settings.data / "map" / name if known else None)


def _answer(request: Request[Any, Any, Any], path: Path | None) -> Response[bytes]:
    """The file with its ETag, or 304; `FileMissing`."""
    if path is None or not path.is_file():
        raise FileMissing
    found = path.stat()
    tag = etag(f"{found.st_mtime_ns:x}-{found.st_size:x}")
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=headers)


ROUTES: list[Any] = [static, library, library_image, layer]
