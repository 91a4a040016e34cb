"""The people of a bank that is taken back are shut out by portions, wards and groups before those who answer for them.

Each portion is locked, looked at once more, and shut: whoever did something since the first look stands in the way.
Then the way back is called off, and those who were shut out are let in again by portions.
"""

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.hours.importing.doors import let_in, shut_out
from marketplace.hours.importing.errors import ImportInUse, ImportUndoCalledOff
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.importing.steps import PORTION
from marketplace.hours.importing.undoing.obstacles import obstacles_to
from marketplace.hours.models import Member

_LOCKED = (  # whoever does anything as one of them, or about one, has done it by now or waits for us
    text("SELECT 1 FROM member WHERE id = ANY(:members) ORDER BY id FOR UPDATE"),
    text(
        "SELECT 1 FROM account WHERE id IN (SELECT account_id FROM member WHERE id = ANY(:members) AND kind <> 'elder')"
        " ORDER BY id FOR UPDATE"
    ),
)
_NOTED = text(
    "UPDATE imported_member i SET was_in = (m.state = 'active' OR COALESCE(a.state = 'active', false))"
    " FROM member m LEFT JOIN account a ON a.id = m.account_id AND m.kind <> 'elder'"
    " WHERE m.id = i.member_id AND i.member_id = ANY(:members)"
)
_ANSWERS = col(Member.guardian_id).is_(None) & col(Member.contact_id).is_(None)


async def shut_next(tx: AsyncSession, made: BankImport, *, now: datetime) -> bool:
    """Shut the next portion out; False: there is none. `ImportInUse` where one of them has done something."""
    query = (
        select(col(ImportedMember.member_id))
        .join(Member, col(Member.id) == col(ImportedMember.member_id))
        .where(col(ImportedMember.import_id) == made.id, col(ImportedMember.was_in).is_(None))
    )
    members = list(await tx.scalars(query.order_by(_ANSWERS, col(Member.id)).limit(PORTION)))
    if not members:
        return False
    for lock in _LOCKED:
        await tx.execute(lock, {"members": members})
    if found := await obstacles_to(tx, made, among=members):
        raise ImportInUse(obstacles=len(found))
    await tx.execute(_NOTED, {"members": members})
    await shut_out(tx, made, members, by=made.undo_by, now=now)
    return True


async def open_next(tx: AsyncSession, made: BankImport, *, now: datetime) -> None:
    """Let the next portion of those in again who were; with none left the import is as it was before."""
    query = (
        select(col(ImportedMember.member_id), col(ImportedMember.was_in))
        .join(Member, col(Member.id) == col(ImportedMember.member_id))
        .where(col(ImportedMember.import_id) == made.id, col(ImportedMember.was_in).is_not(None))
    )
    rows = (await tx.execute(query.order_by(_ANSWERS.desc(), col(Member.id)).limit(PORTION))).all()
    if not rows:
        await _called_off(tx, made)
        return
    await let_in(tx, made, [member for member, was_in in rows if was_in], now=now)
    mine = col(ImportedMember.member_id).in_([member for member, _ in rows])
    again = update(ImportedMember).where(mine).values(was_in=None)
    await tx.execute(again.execution_options(synchronize_session=False))


async def _called_off(tx: AsyncSession, made: BankImport) -> None:
    made.state, made.trouble = ("done", None) if made.finished_at else ("stopped", ImportUndoCalledOff.code)
    made.undo_reason = made.undo_by = made.undo_at = None
    audit.note(tx, "bank.undo_called_off", actor=Actor.system(), entity="bank_import", entity_id=made.id)
