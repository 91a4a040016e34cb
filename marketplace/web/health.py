"""Is the process alive, and can it work? Plus its counters for Prometheus."""

from typing import Any

from litestar import Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.base.database import transaction
from marketplace.web.dependencies import Home


@get("/health", sync_to_thread=False, tags=["operations"], operation_id="health")
def health() -> dict[str, str]:
    """Alive: the process answers. Asks nothing else."""
    return {"status": "alive"}


@get("/ready", tags=["operations"], operation_id="ready")
async def ready(platform: Home) -> Response[dict[str, Any]]:
    """Ready: the database answers. 503 while it does not; the queue is a convenience and not asked."""
    try:
        async with transaction(platform.db) as tx:
            await tx.execute(text("SELECT 1"))
    except (DBAPIError, OSError) as error:
        return Response({"status": "waiting", "reason": type(error).__name__}, status_code=503)
    return Response({"status": "ready", "policy": platform.policy.stamp})


@get("/metrics", sync_to_thread=False, media_type="text/plain", include_in_schema=False)
def metrics() -> Response[bytes]:
    """Prometheus's page."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES = [health, ready, metrics]
