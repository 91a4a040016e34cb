"""Revoking: an officer says why, the minutes are free again, and what they took from the account comes back. The member
is told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.certificates.errors import CertificateNotInForce
from marketplace.hours.certificates.giving_back import GivingBack, giving_back
from marketplace.hours.certificates.issuing import Ask, Desk, prepare, spend
from marketplace.hours.certificates.models import CERTIFICATE_STEPS, Certificate, CertifiedMinutes
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.notices import tell_member_and_guardian
from marketplace.hours.members.proxies import Acts, right_over
from marketplace.hours.models import Member


async def revoke(
    tx: AsyncSession, certificate_id: UUID, *, reason: str, rules: TimeBankRules, actor: Actor, now: datetime
) -> Certificate:
    """Revoke a certificate in force, else `CertificateNotInForce`. The caller has shown that the actor may."""
    member, certificate = await _locked(tx, certificate_id)
    back = await _ended(tx, member, certificate, reason=reason, rules=rules, actor=actor, now=now)
    await timebank.apply(tx, [*back.commands, *back.after(0, now=now)], now=now)
    await _tell(tx, member, "certificate_revoked", actor=actor, now=now)
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
    back = await _ended(tx, member, old, reason=reason, rules=desk.policy.timebank, actor=actor, now=now)
    ask = Ask(
        since=old.since,
        until=old.until,
        school=school,
        student_number=student_number,
        up_to_minutes=old.total_minutes,
    )
    fresh, take = await prepare(tx, desk, member, ask, actor=actor, now=now, replaces=old.id, paid_from=back.account)
    await spend(tx, fresh, [*back.commands, *take, *back.after(fresh.spent_minutes, now=now)], now=now)
    await _tell(tx, member, "certificate_reissued", actor=actor, now=now)
    return fresh


async def _tell(tx: AsyncSession, member: Member, act: str, *, actor: Actor, now: datetime) -> None:
    """Who revokes is of the branch that issued, which need not be her home any more."""
    right = await right_over(tx, member, scope=None, actor=actor, now=now)
    await tell_member_and_guardian(tx, Acts(member, right or "officer"), act, actor=actor)


async def _locked(tx: AsyncSession, certificate_id: UUID) -> tuple[Member, Certificate]:
    """The member first, as everywhere, then her certificate."""
    seen = await tx.get_one(Certificate, certificate_id)
    member = await locked_member(tx, seen.member_id)
    query = select(Certificate).where(col(Certificate.id) == certificate_id).with_for_update()
    return member, (await tx.scalars(query.execution_options(populate_existing=True))).one()


async def _ended(
    tx: AsyncSession,
    member: Member,
    certificate: Certificate,
    *,
    reason: str,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
) -> GivingBack:
    if certificate.state != "issued":
        raise CertificateNotInForce
    certificate.revoked_at, certificate.revoked_by, certificate.revoked_reason = now, actor.account_id, reason
    await move(tx, certificate, "revoked", CERTIFICATE_STEPS, actor=actor, now=now, reason=reason)
    mine = col(CertifiedMinutes.certificate_id) == certificate.id
    await tx.execute(update(CertifiedMinutes).where(mine).values(freed=True))
    audit.note(tx, "certificate.revoked", actor=actor, entity="certificate", entity_id=certificate.id)
    return await giving_back(tx, member, certificate, rules=rules, now=now)
