"""Opening a platform: from settings to what a process holds, and closing it again."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from marketplace.base.channels import NoChannel, SmsChannel
from marketplace.base.clock import FileClock, WallClock
from marketplace.base.crypto import Vault
from marketplace.base.database import Database, Nudge, no_nudge, open_engine
from marketplace.base.platform import Platform
from marketplace.base.policy import load_policy
from marketplace.base.settings import Settings, SettingsError


@asynccontextmanager
async def open_platform(
    settings: Settings, *, consumers: Mapping[str, tuple[str, ...]], nudge: Nudge = no_nudge
) -> AsyncIterator[Platform]:
    """The platform of one process. `SettingsError` when a needed setting is missing."""
    missing = [
        name
        for name, value in (
            ("DATABASE_URL", settings.database_url),
            ("LIUZHU_SECRET", settings.secret),
            ("LIUZHU_MASTER_KEY", settings.master_key),
        )
        if value is None
    ]
    if missing or settings.database_url is None or settings.master_key is None:
        raise SettingsError(f"missing: {', '.join(missing)} (`liuzhu up` makes them for you)")
    platform = Platform(
        settings=settings,
        db=Database(open_engine(settings.database_url), consumers=consumers, nudge=nudge),
        clock=FileClock(settings.clock_file) if settings.clock_file else WallClock(),
        vault=Vault(settings.master_key),
        policy=load_policy(settings.policy),
        channel=SmsChannel(settings.sms_url) if settings.sms_url else NoChannel(),
    )
    try:
        yield platform
    finally:
        for part in platform.parts.values():
            if (close := getattr(part, "aclose", None)) is not None:
                await close()
        await platform.db.close()
