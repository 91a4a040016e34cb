"""The job of imports: a message's time is bounded, so a long import goes on with the next message."""

import time
from uuid import UUID

from marketplace.base import outbox
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.importing.committing import WANTED
from marketplace.hours.importing.running import advance, load

SHARE_OF_LEASE = 0.3  # well within what a consumer may take, reading the files and one more step included


async def carry_import(platform: Platform, message: Message) -> None:
    """import.wanted: a bank is on its way in. Killed at any point, the message comes again and goes on."""
    import_id = UUID(message.ids["import_id"])
    until = time.monotonic() + platform.settings.lease_seconds * SHARE_OF_LEASE
    work = await load(platform, import_id)
    while work is not None and (await advance(platform, work)).state == "running":
        if time.monotonic() >= until:
            async with transaction(platform.db) as tx:
                await outbox.send(tx, WANTED, import_id=import_id)
            return
