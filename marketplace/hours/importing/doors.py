"""Whether the people of an import may sign in and are members: all of them at once, either way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.audit import Transition, request_id
from marketplace.hours.importing.models import BankImport, ImportedMember
from marketplace.hours.models import Member
from marketplace.people.models import Account


async def let_in(tx: AsyncSession, made: BankImport, *, now: datetime) -> None:
    """Everybody may sign in and is a member, minors once their guardians consent."""
    await _accounts(tx, made, "closed", "active")
    await _members(tx, made, "pending", "active", col(Member.guardian_id).is_(None), by=made.imported_by, now=now)


async def shut_out(tx: AsyncSession, made: BankImport, *, by: UUID | None, now: datetime) -> None:
    """Nobody may sign in, and nobody is an active member."""
    await _accounts(tx, made, "active", "closed")
    await _members(tx, made, "active", "pending", by=by, now=now)


def _mine(made: BankImport) -> Select[UUID]:
    return select(col(ImportedMember.member_id)).where(col(ImportedMember.import_id) == made.id)


async def _accounts(tx: AsyncSession, made: BankImport, before: str, after: str) -> None:
    """Elders' accounts were there before the import."""
    own = select(col(Member.account_id)).where(col(Member.id).in_(_mine(made)), col(Member.kind) != "elder")
    turned = update(Account).where(col(Account.id).in_(own), col(Account.state) == before).values(state=after)
    await tx.execute(turned.execution_options(synchronize_session=False))


async def _members(
    tx: AsyncSession,
    made: BankImport,
    before: str,
    after: str,
    *which: ColumnElement[bool],
    by: UUID | None,
    now: datetime,
) -> None:
    turned = (
        update(Member)
        .where(col(Member.id).in_(_mine(made)), col(Member.state) == before, *which)
        .values(state=after, version=col(Member.version) + 1)
        .returning(col(Member.id), col(Member.version))
        .execution_options(synchronize_session=False)
    )
    tx.add_all(
        Transition(
            entity="member",
            entity_id=member_id,
            from_state=before,
            to_state=after,
            version=version,
            actor_id=by,
            reason=made.reference,
            at=now,
            request_id=request_id(),
        )
        for member_id, version in (await tx.execute(turned)).all()
    )
