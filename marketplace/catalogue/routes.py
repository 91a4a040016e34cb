"""Routes of catalogue."""

from typing import Any

from litestar import Request, Response, get

from marketplace.catalogue.schemas import CatalogueOut, ServiceOut
from marketplace.catalogue.service import all_services
from marketplace.web.dependencies import Tx
from marketplace.web.etag import answer


@get("/v1/services", tags=["catalogue"], operation_id="listServices")
async def services(request: Request[Any, Any, Any], tx: Tx) -> Response[CatalogueOut]:
    """The public catalogue of the six helps, in Chinese and English."""
    rows = await all_services(tx)
    version = max((row.version for row in rows), default=0)
    body = CatalogueOut(version=version, services=[ServiceOut(**row.model_dump()) for row in rows])
    response = answer(request, body, f"catalogue-{version}")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


ROUTES: list[Any] = [services]
