"""The HTTP program: `create_app(settings)` puts features, dependencies and error table together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar

from marketplace.base import log
from marketplace.base.opening import open_platform
from marketplace.base.queue import Nudger
from marketplace.base.settings import Settings
from marketplace.catalogue import routes as catalogue
from marketplace.checkout import routes as checkout
from marketplace.console import routes as console
from marketplace.hours import routes as hours
from marketplace.matters import routes as matters
from marketplace.payments import routes as payments
from marketplace.people import routes as people
from marketplace.planning import routes as planning
from marketplace.providers import routes as providers
from marketplace.quality import routes as quality
from marketplace.subscriptions import CONSUMER_NAMES
from marketplace.visits import routes as visits
from marketplace.web import health, openapi
from marketplace.web.authentication import Authentication
from marketplace.web.dependencies import DEPENDENCIES
from marketplace.web.problem import HANDLERS

LARGEST_BODY = 1_000_000

FEATURES = (
    people,
    catalogue,
    providers,
    visits,
    checkout,
    matters,
    payments,
    planning,
    hours,
    quality,
    console,
    health,
    openapi,
)


def create_app(settings: Settings) -> Litestar:
    """The ASGI program for these settings; its lifespan opens and closes the platform."""
    log.configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        nudger = Nudger(settings.redis_url) if settings.redis_url else None
        extra: dict[str, Any] = {"nudge": nudger} if nudger else {}
        async with open_platform(settings, consumers=CONSUMER_NAMES, **extra) as platform:
            app.state.platform = platform
            try:
                yield
            finally:
                if nudger:
                    await nudger.close()

    return Litestar(
        route_handlers=[handler for feature in FEATURES for handler in feature.ROUTES],
        dependencies=DEPENDENCIES,
        exception_handlers=HANDLERS,
        middleware=[Authentication],
        lifespan=[lifespan],
        openapi_config=openapi.OPENAPI,
        request_max_body_size=LARGEST_BODY,
        logging_config=None,  # structlog is configured above
        debug=False,
    )
