"""The OpenAPI document's head. The document itself is committed as docs/openapi.json and checked for drift."""

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

OPENAPI = OpenAPIConfig(
    title="Liuzhu 六助",
    version="0.1.0",
    description=(
        "Home care for the elderly of a city: meals, baths, cleaning, escort, medical and emergency help. "
        "Money is integer fen, hours are integer minutes, instants are RFC 3339, places are WGS84 degrees. "
        "Errors are RFC 9457 problem details with a stable `code`."
    ),
    components=[
        Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")})
    ],
    path="/docs",
    use_handler_docstrings=True,
)
