"""Family grants: an elder lets a family member see, book or pay, until a day or until she revokes it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit
from marketplace.base.actor import STAFF, Actor
from marketplace.base.errors import Forbidden, Malformed, Unknown
from marketplace.people.access import give_access, withdraw_access
from marketplace.people.elders import elder_for
from marketplace.people.models import Account, Elder, FamilyGrant
from marketplace.people.schemas import GrantIn


async def grant(tx: AsyncSession, elder_id: UUID, data: GrantIn, *, actor: Actor, now: datetime) -> FamilyGrant:
    """Grant scopes to a family account. Only the elder herself, or staff on her behalf, may."""
    elder = await elder_for(tx, elder_id, actor=actor, now=now)
    _require_own(elder, actor)
    if await tx.get(Account, data.account_id) is None:
        raise Unknown(pointer="/account_id", what="account")
    if data.until is not None and data.until <= now:
        raise Malformed(pointer="/until", reason="a grant cannot end in the past")
    row = FamilyGrant(
        elder_id=elder.id,
        account_id=data.account_id,
        scopes=sorted(set(data.scopes)),
        relation=data.relation,
        until=data.until,
        granted_by=actor.account_id,
    )
    tx.add(row)
    await tx.flush()
    for scope in set(data.scopes):
        await give_access(tx, elder.id, data.account_id, scope, since=now, until=data.until, because=f"grant:{row.id}")
    audit.note(tx, "grant.given", actor=actor, entity="elder", entity_id=elder.id, grant=str(row.id))
    return row


async def revoke(tx: AsyncSession, elder_id: UUID, grant_id: UUID, *, actor: Actor, now: datetime) -> FamilyGrant:
    """End a grant at once. Revoking twice is no error."""
    elder = await elder_for(tx, elder_id, actor=actor, now=now)
    row = await tx.scalar(
        select(FamilyGrant).where(col(FamilyGrant.id) == grant_id, col(FamilyGrant.elder_id) == elder.id)
    )
    if row is None:
        raise Unknown(what="grant")
    if row.account_id != actor.account_id:
        _require_own(elder, actor)
    row.revoked_at = row.revoked_at or now
    await withdraw_access(tx, f"grant:{row.id}")
    audit.note(tx, "grant.revoked", actor=actor, entity="elder", entity_id=elder.id, grant=str(row.id))
    await tx.flush()
    return row


def _require_own(elder: Elder, actor: Actor) -> None:
    if elder.account_id != actor.account_id and not actor.is_any(*STAFF):
        raise Forbidden
