"""The jobs of imports: a message's time is bounded, so a long import goes on with the next message."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from marketplace.base import outbox
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.importing.committing import WANTED
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import advance, load
from marketplace.hours.importing.shelf import shelf_of
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import UNDO_WANTED


async def carry_import(platform: Platform, message: Message) -> None:
    """import.wanted: a bank is on its way in. Killed at any point, the message comes again and goes on."""
    import_id, is_over = UUID(message.ids["import_id"]), outbox.share_of_lease(platform)
    work = await load(platform, import_id)
    if work is not None and await _goes_on(lambda: advance(platform, work), "running", is_over):
        shelf_of(platform).lay(work)  # before the message: this process may be the one to hear it
        await _send(platform, WANTED, import_id)


async def carry_undo(platform: Platform, message: Message) -> None:
    """import.undo_wanted: a bank is on its way out again, in the same way."""
    import_id = UUID(message.ids["import_id"])
    if await _goes_on(lambda: advance_undo(platform, import_id), "undoing", outbox.share_of_lease(platform)):
        await _send(platform, UNDO_WANTED, import_id)


async def _goes_on(step: Callable[[], Awaitable[BankImport]], going: str, is_over: Callable[[], bool]) -> bool:
    """Take one step, and more until it is over; whether there are still others."""
    while (await step()).state == going:
        if is_over():
            return True
    return False


async def _send(platform: Platform, name: str, import_id: UUID) -> None:
    async with transaction(platform.db) as tx:
        await outbox.send(tx, name, import_id=import_id)
