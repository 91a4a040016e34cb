"""Carrying it out: one step after the other, each with the note that it was taken, in a transaction of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.importing.errors import ImportInUse, ImportUndoCalledOff
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.running import locked
from marketplace.hours.importing.undoing.steps import left_of, take_next
from timebank.errors import LedgerError


async def advance_undo(platform: Platform, import_id: UUID) -> BankImport:
    """Take the next step back, unless there is none; the import as it stands then."""
    try:
        async with transaction(platform.db) as tx:
            made = await locked(tx, import_id)
            if made.state != "undoing":
                return made
            try:
                async with tx.begin_nested():
                    await take_next(tx, platform.vault, made, now=platform.now())
            except ImportInUse as found:  # said under the import's lock, so that nobody else finds it as well
                return await _call_off(tx, import_id, obstacles=int(str(found.data["obstacles"])), now=platform.now())
            made.undone_steps += 1
            made.undo_steps = max(made.undo_steps, made.undone_steps)
            return made
    except (IntegrityError, LedgerError) as error:
        return await _stop(platform, import_id, getattr(error, "code", ImportInUse.code))


async def _call_off(tx: AsyncSession, import_id: UUID, *, obstacles: int, now: datetime) -> BankImport:
    """Somebody acted before she was shut out: the next steps let everybody in again, and an operator is told."""
    made = await locked(tx, import_id)  # as before the step that was not taken
    figures = {"trouble": ImportUndoCalledOff.code, "undone_steps": made.undone_steps}
    made.undo_obstacles = obstacles
    made.undo_steps = made.undone_steps + (await left_of(tx, made)).steps  # from here the way in again
    await raise_alert(tx, "import_stopped", made.id, cause=now.isoformat(), figures=figures, now=now)
    return made


async def _stop(platform: Platform, import_id: UUID, trouble: str) -> BankImport:
    """Nothing more is done until somebody has seen why; an operator is alerted."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        made = await locked(tx, import_id)
        if made.state == "undoing":
            made.state, made.trouble = "undo_stopped", trouble
            figures = {"trouble": trouble, "undone_steps": made.undone_steps, "undo_steps": made.undo_steps}
            await raise_alert(tx, "import_stopped", made.id, cause=now.isoformat(), figures=figures, now=now)
        return made
