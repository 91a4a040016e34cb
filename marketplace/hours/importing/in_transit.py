"""Members whose bank is on its way in or out: nobody ends their membership meanwhile.

The books of the import are written, or reversed, account by account: one that was closed on the way would stop it for
good, and its minutes would have gone to a pool.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.hours.importing.errors import MemberInTransit
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.models import Member

ON_ITS_WAY = ("running", "stopped", "undoing", "undo_stopped")


async def require_arrived(tx: AsyncSession, member: Member) -> None:
    """The locked member is not one who waits for her import. `MemberInTransit`."""
    if member.state != "pending":  # let in already, or not shut out yet: what she does stands in the way by itself
        return
    query = (
        select(col(BankImport.id))
        .join(ImportedMember, col(ImportedMember.import_id) == col(BankImport.id))
        .where(col(ImportedMember.member_id) == member.id, col(BankImport.state).in_(ON_ITS_WAY))
    )
    if await tx.scalar(query) is not None:
        raise MemberInTransit
