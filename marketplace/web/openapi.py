"""The OpenAPI document's head, and the page that shows it. The page needs no other host: npm brought its files.

The document itself is committed as docs/openapi.json and checked for drift.
"""

from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath

from marketplace.base.errors import Unknown
from marketplace.base.idempotency import RETENTION

ASSETS = Path(__file__).parents[2] / "node_modules" / "swagger-ui-dist"
TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
AT = "/docs-assets"

OPENAPI = OpenAPIConfig(
    title="Liuzhu 六助",
    version="0.1.0",
    description=(
        "Home care for the elderly of a city: meals, baths, cleaning, escort, medical and emergency help. "
        "Money is integer fen, hours are integer minutes, instants are RFC 3339, places are WGS84 degrees. "
        "Errors are RFC 9457 problem details with a stable `code`. "
        "A POST with an effect takes the header `Idempotency-Key`, 1 to 255 visible characters of the client's choice: "
        f"repeated within {RETENTION.days} days by the same account, at the same address and with the same body, it "
        "gets the first answer again and has no second effect; with another body it is refused. After that a key may "
        "be forgotten and is a new one."
    ),
    components=[
        Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")})
    ],
    security=[{"token": []}],
    path="/docs",
    use_handler_docstrings=True,
    render_plugins=[
        SwaggerRenderPlugin(
            js_url=f"{AT}/swagger-ui-bundle.js",
            css_url=f"{AT}/swagger-ui.css",
            standalone_preset_js_url=f"{AT}/swagger-ui-standalone-preset.js",
            favicon='<link rel="icon" href="data:,">',
        )
    ],
)


class AssetMissing(Unknown):
    """A file of the API's page that npm has not brought."""

    code = "asset_missing"
    zh = "此页面文件尚未安装。"
    en = "This file of the page is not installed."


@get(f"{AT}/{{name:str}}", include_in_schema=False, sync_to_thread=True)
def asset(name: FromPath[str]) -> Response[bytes]:
    """A file of the API's page, looked up by name."""
    path = ASSETS / name
    if name not in TYPES or not path.is_file():
        raise AssetMissing
    headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(path.read_bytes(), media_type=TYPES[name], headers=headers)


ROUTES: list[Any] = [asset]
