"""Revoking: an officer says why, the minutes are free again, and what they took from the account comes back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.hours.certificates.errors import CertificateNotInForce
from marketplace.hours.certificates.issuing import Ask, Desk, prepare, spend
from marketplace.hours.certificates.models import CERTIFICATE_STEPS, Certificate, CertifiedMinutes
from marketplace.hours.members.finding import locked_member
from marketplace.hours.models import Member
from timebank import Command, Reverse


async def revoke(tx: AsyncSession, certificate_id: UUID, *, reason: str, actor: Actor, now: datetime) -> Certificate:
    """Revoke a certificate in force, else `CertificateNotInForce`. The caller has shown that the actor may."""
    _, certificate = await _locked(tx, certificate_id)
    await timebank.apply(tx, await _ended(tx, certificate, reason=reason, actor=actor, now=now), now=now)
    return certificate


async def reissue(
    tx: AsyncSession,
    desk: Desk,
    certificate_id: UUID,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    school: str | None = None,
    student_number: str | None = None,
) -> Certificate:
    """Revoke a certificate and issue another for the same period, all in one: of what is free of it now, with name,
    school and number as they stand now. Errors of `revoke` and `issue`."""
    member, old = await _locked(tx, certificate_id)
    undo = await _ended(tx, old, reason=reason, actor=actor, now=now)
    ask = Ask(
        since=old.since,
        until=old.until,
        school=school,
        student_number=student_number,
        up_to_minutes=old.total_minutes,
    )
    fresh, take = await prepare(tx, desk, member, ask, actor=actor, now=now, replaces=old.id)
    await spend(tx, fresh, [*undo, *take], now=now)
    return fresh


async def _locked(tx: AsyncSession, certificate_id: UUID) -> tuple[Member, Certificate]:
    """The member first, as everywhere, then her certificate."""
    seen = await tx.get_one(Certificate, certificate_id)
    member = await locked_member(tx, seen.member_id)
    query = select(Certificate).where(col(Certificate.id) == certificate_id).with_for_update()
    return member, (await tx.scalars(query.execution_options(populate_existing=True))).one()


async def _ended(
    tx: AsyncSession, certificate: Certificate, *, reason: str, actor: Actor, now: datetime
) -> list[Command]:
    if certificate.state != "issued":
        raise CertificateNotInForce
    certificate.revoked_at, certificate.revoked_by, certificate.revoked_reason = now, actor.account_id, reason
    await move(tx, certificate, "revoked", CERTIFICATE_STEPS, actor=actor, now=now, reason=reason)
    mine = col(CertifiedMinutes.certificate_id) == certificate.id
    await tx.execute(update(CertifiedMinutes).where(mine).values(freed=True))
    audit.note(tx, "certificate.revoked", actor=actor, entity="certificate", entity_id=certificate.id)
    if certificate.spent_minutes == 0:
        return []
    key = f"{certificate.entry_key}:revoked"
    return [Reverse(key=key, entry_key=certificate.entry_key, occurred_at=now, reason=key)]
