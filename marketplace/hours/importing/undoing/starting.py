"""Whether an import may be taken back, and what that would do; and the beginning of it.

From the beginning on nobody of the bank signs in, spends or serves: accounts and memberships are as before the import's
last step, which let everybody in at once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit, outbox
from marketplace.base.actor import Actor
from marketplace.base.errors import Unknown
from marketplace.hours.importing.committing import alone
from marketplace.hours.importing.doors import shut_out
from marketplace.hours.importing.errors import ImportInUse, ImportUnderWay
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing.obstacles import Obstacle, obstacles_to
from marketplace.hours.importing.undoing.steps import Left, left_of

UNDO_WANTED = "import.undo_wanted"
_LOCKED = (  # whoever does anything as one of them, or about one, has done it by now or waits for us
    text(
        "SELECT 1 FROM member WHERE id IN (SELECT member_id FROM imported_member WHERE import_id = :id)"
        " ORDER BY id FOR UPDATE"
    ),
    text(
        "SELECT 1 FROM account WHERE id IN (SELECT m.account_id FROM imported_member i JOIN member m"
        " ON m.id = i.member_id WHERE i.import_id = :id AND m.kind <> 'elder') ORDER BY id FOR UPDATE"
    ),
)


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

    `Unknown`, `ImportUnderWay`, `ImportInUse`.
    """
    await alone(tx)
    made = await tx.get(BankImport, import_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise Unknown(what="import")
    if made.state == "running":
        raise ImportUnderWay
    if made.state in {"undoing", "undone"}:
        return made
    begins = made.state != "undo_stopped"
    if begins:
        await _shut(tx, made, actor=actor, now=now)
    left = await left_of(tx, made)
    if begins:
        made.undo_reason, made.undo_by, made.undo_at = reason, actor.account_id, now
    made.state, made.trouble, made.undo_steps = "undoing", None, made.undone_steps + left.steps
    await tx.flush()
    audit.note(tx, "bank.undo_asked", actor=actor, entity="bank_import", entity_id=made.id)
    await outbox.send(tx, UNDO_WANTED, import_id=made.id)
    return made


async def _shut(tx: AsyncSession, made: BankImport, *, actor: Actor, now: datetime) -> None:
    """Nobody of the bank acts any more."""
    for lock in _LOCKED:
        await tx.execute(lock, {"id": made.id})
    if found := await obstacles_to(tx, made):
        raise ImportInUse(obstacles=len(found))
    await shut_out(tx, made, by=actor.account_id, now=now)
