"""A platform for the terminal's own process whose messages wake the workers at once, as the API's do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marketplace.base.database import no_nudge
from marketplace.base.opening import open_platform
from marketplace.base.platform import Platform
from marketplace.base.queue import Nudger
from marketplace.base.settings import Settings
from marketplace.subscriptions import CONSUMER_NAMES


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Platform]:
    """The platform of these settings, closed with the block."""
    nudger = Nudger(settings.redis_url) if settings.redis_url else None
    try:
        async with open_platform(settings, consumers=CONSUMER_NAMES, nudge=nudger or no_nudge) as platform:
            yield platform
    finally:
        if nudger:
            await nudger.close()
