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
from marketplace.people.accounts import kept_account
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder, FamilyGrant
from marketplace.people.schemas import GrantIn, Proof

BY_STAFF = "staff"  # who wrote the grant down for her made sure of the relation then


async def grant(tx: AsyncSession, elder_id: UUID, data: GrantIn, *, actor: Actor, now: datetime) -> FamilyGrant:
    """Grant scopes to a family account. Only the elder herself, or staff on her behalf, may."""
    elder = await elder_for(tx, elder_id, actor=actor, now=now)
    _require_own(elder, actor)
    if await kept_account(tx, data.account_id) is None:
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
    by_staff = actor.is_any(*STAFF) and (actor.is_system or elder.account_id != actor.account_id)
    if by_staff and (
        actor.is_system or data.account_id != actor.account_id
    ):  # they made sure before they wrote it down
        _prove(row, BY_STAFF, actor=actor, now=now)
    tx.add(row)
    await tx.flush()
    for scope in set(data.scopes):
        await give_access(tx, elder.id, data.account_id, scope, since=now, until=data.until, because=f"grant:{row.id}")
    audit.note(tx, "grant.given", actor=actor, entity="elder", entity_id=elder.id, grant=str(row.id))
    return row


async def prove(
    tx: AsyncSession, elder_id: UUID, grant_id: UUID, proof: Proof, *, actor: Actor, now: datetime
) -> FamilyGrant:
    """Staff saw a proof of the relation that a grant names. Proving it again changes nothing.

    `Forbidden` to anybody else, and to whoever is one of the two.
    """
    elder = await elder_for(tx, elder_id, actor=actor, now=now)
    query = select(FamilyGrant).where(col(FamilyGrant.id) == grant_id, col(FamilyGrant.elder_id) == elder.id)
    row = await tx.scalar(query.with_for_update())
    if row is None or row.revoked_at is not None:
        raise Unknown(what="grant")
    if not actor.is_any(*STAFF) or actor.account_id in {row.account_id, elder.account_id or row.account_id}:
        raise Forbidden
    if row.proved_at is None:
        _prove(row, proof, actor=actor, now=now)
        audit.note(tx, "grant.proved", actor=actor, entity="elder", entity_id=elder.id, grant=str(row.id), proof=proof)
        await tx.flush()
    return row


def _prove(row: FamilyGrant, proof: str, *, actor: Actor, now: datetime) -> None:
    row.proof, row.proved_by, row.proved_at = proof, actor.account_id, now


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
