"""Suspension by an officer's hand: with a reason, until an instant or without an end, and lifted by an officer.

It is an incident like others: the member is told, may appeal, and another officer decides on that.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.errors import Forbidden, IllegalTransition, Unknown
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.members.errors import SuspendedAlready, SuspensionPeriod
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.proxies import overseen_member
from marketplace.hours.members.standing.incidents import follow_incidents, incidents_of
from marketplace.hours.members.standing.telling import tell_standing
from marketplace.hours.models import INCIDENT_STEPS, Incident

SUSPENSION = "suspension"


async def suspend(
    tx: AsyncSession,
    member_id: UUID,
    *,
    until: datetime | None,
    reason: str,
    rules: SanctionRules,
    actor: Actor,
    now: datetime,
) -> Incident:
    """Keep a member of the officer's branch from serving and spending, until an instant or until it is lifted.

    `Unknown` out of reach, `OwnIncident`, `SuspensionPeriod`, `SuspendedAlready` by hand, `IllegalTransition` for who
    is no active member.
    """
    if actor.account_id is None:  # a person decides
        raise Forbidden
    if until is not None and until <= now:
        raise SuspensionPeriod(pointer="/until")
    member = await locked_member(tx, (await overseen_member(tx, member_id, actor=actor)).id)
    if member.kind == "provider" or member.state not in {"active", "suspended"}:
        raise IllegalTransition(state=member.state, wanted="suspended")
    if any(one.suspends(now) for one in await incidents_of(tx, member.id)):
        raise SuspendedAlready
    row_id = new_id()
    row = Incident(
        id=row_id,
        member_id=member.id,
        kind=SUSPENSION,
        cause=f"{SUSPENSION}:{row_id}",
        reason=reason,
        recorded_by=actor.account_id,
        recorded_at=now,
        appeal_until=now + timedelta(days=rules.appeal_days),
        suspends_until=until,
    )
    tx.add(row)
    await tx.flush()
    audit.note(tx, "member.suspended", actor=actor, entity="member", entity_id=member.id, incident=str(row.id))
    before = (member.state, member.suspended_until)
    await follow_incidents(tx, member, rules=rules, actor=actor, now=now)
    if (
        member.state,
        member.suspended_until,
    ) == before:  # a suspension by rule lasts as long: she hears of this one too
        await tell_standing(tx, member.id, "suspended", until=until, appeal_until=row.appeal_until)
    return row


async def lift(
    tx: AsyncSession, incident_id: UUID, *, reason: str, rules: SanctionRules, actor: Actor, now: datetime
) -> Incident:
    """End an officer's suspension before its time, who imposed it or another. The membership is worked out anew.

    `Unknown` out of reach, `OwnIncident`, `IllegalTransition` for what is no suspension in force.
    """
    found = await tx.get(Incident, incident_id)
    if found is None:
        raise Unknown(what="incident")
    try:
        await overseen_member(tx, found.member_id, actor=actor)
    except Unknown:
        raise Unknown(what="incident") from None
    member = await locked_member(tx, found.member_id)
    row = await tx.get_one(Incident, incident_id, with_for_update=True, populate_existing=True)
    if actor.account_id is None or not row.suspends(now):
        raise IllegalTransition(state=row.state if row.kind == SUSPENSION else row.kind, wanted="lifted")
    row.lifted_by, row.lifted_at, row.lift_reason = actor.account_id, now, reason
    await move(tx, row, "lifted", INCIDENT_STEPS, actor=actor, now=now, reason=reason)
    audit.note(tx, "member.suspension_lifted", actor=actor, entity="member", entity_id=member.id, incident=str(row.id))
    await follow_incidents(tx, member, rules=rules, actor=actor, now=now)
    return row
