"""Whether an import may be taken back, and what that would do; and the beginning of it.

The first steps shut everybody of the bank out: accounts and memberships are then as before people were let in.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.importing.committing import alone
from marketplace.hours.importing.errors import ImportInUse, ImportUnderWay, ImportUndoEnding
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing.obstacles import Obstacle, obstacles_to
from marketplace.hours.importing.undoing.steps import Left, ends_as, is_called_off, left_of

UNDO_WANTED = "import.undo_wanted"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What taking the import back would do, and what stands in the way."""

    made: BankImport
    left: Left
    obstacles: list[Obstacle]


async def prospect(tx: AsyncSession, import_id: UUID) -> Prospect:
    """A dry run: writes nothing. `Unknown`; `ImportUnderWay`."""
    made = await tx.get(BankImport, import_id)
    if made is None:
        raise Unknown(what="import")
    if made.state == "running":
        raise ImportUnderWay
    judged = made.state in {"stopped", "done"}
    return Prospect(made, await left_of(tx, made), await obstacles_to(tx, made) if judged else [])


async def start_undo(tx: AsyncSession, import_id: UUID, *, reason: str, actor: Actor, now: datetime) -> BankImport:
    """Have an import taken back by a job, or find that it is or was; one that was stopped on its way goes on.

    `Unknown`, `ImportUnderWay`, `ImportInUse`, `ImportUndoEnding` where it was called off and lets people in again.
    """
    await alone(tx)
    made = await tx.get(BankImport, import_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise Unknown(what="import")
    if made.state == "running":
        raise ImportUnderWay
    if made.state == "undone" or (made.state == "undoing" and not is_called_off(made)):
        return made
    left = await left_of(tx, made)
    if made.state == "undoing":
        raise ImportUndoEnding(obstacles=made.undo_obstacles, steps=left.steps, state=ends_as(made))
    if made.state != "undo_stopped":
        if found := await obstacles_to(tx, made):
            raise ImportInUse(obstacles=len(found))
        made.undo_reason, made.undo_by, made.undo_at = reason, actor.account_id, now
        made.undone_steps = made.undo_obstacles = 0
    made.state, made.trouble, made.undo_steps = "undoing", None, made.undone_steps + left.steps
    await tx.flush()
    audit.note(tx, "bank.undo_asked", actor=actor, entity="bank_import", entity_id=made.id)
    await outbox.send(tx, UNDO_WANTED, import_id=made.id)
    return made
