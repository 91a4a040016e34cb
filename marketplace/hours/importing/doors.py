"""Whether people of an import may sign in and are members: let in and shut out by portions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.audit import Transition, request_id
from marketplace.base.ids import new_id
from marketplace.hours.importing.models import BankImport
from marketplace.hours.models import Member
from marketplace.people.models import Account


async def let_in(tx: AsyncSession, made: BankImport, members: Sequence[UUID], *, now: datetime) -> None:
    """These may sign in and are members, minors once their guardians consent."""
    these, adult = col(Member.id).in_(members), col(Member.guardian_id).is_(None)
    await _accounts(tx, these, "closed", "active")
    await _members(tx, these & adult, "pending", "active", because=made.reference, by=made.imported_by, now=now)


async def shut_out(
    tx: AsyncSession, made: BankImport, members: Sequence[UUID], *, by: UUID | None, now: datetime
) -> None:
    """None of these may sign in, and none is an active member."""
    these = col(Member.id).in_(members)
    await _accounts(tx, these, "active", "closed")
    await _members(tx, these, "active", "pending", because=made.reference, by=by, now=now)


async def _accounts(tx: AsyncSession, which: ColumnElement[bool], before: str, after: str) -> None:
    """Elders' accounts were there before the import."""
    own = select(col(Member.account_id)).where(which, col(Member.kind) != "elder")
    turned = update(Account).where(col(Account.id).in_(own), col(Account.state) == before).values(state=after)
    await tx.execute(turned.execution_options(synchronize_session=False))


async def _members(
    tx: AsyncSession,
    which: ColumnElement[bool],
    before: str,
    after: str,
    *,
    because: str,
    by: UUID | None,
    now: datetime,
) -> None:
    turned = (
        update(Member)
        .where(which, col(Member.state) == before)
        .values(state=after, version=col(Member.version) + 1)
        .returning(col(Member.id), col(Member.version))
        .execution_options(synchronize_session=False)
    )
    steps = [
        {
            "id": new_id(),
            "entity": "member",
            "entity_id": member_id,
            "from_state": before,
            "to_state": after,
            "version": version,
            "actor_id": by,
            "reason": because,
            "at": now,
            "request_id": request_id(),
        }
        for member_id, version in (await tx.execute(turned)).all()
    ]
    if steps:
        await tx.execute(insert(Transition), steps)
