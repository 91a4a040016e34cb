"""Incidents: recorded by rule or by an officer, once per cause; the membership follows from what stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, outbox, timers
from marketplace.base.actor import Actor
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.standing.counting import Outcome, count, outcome_of
from marketplace.hours.members.standing.telling import tell_standing
from marketplace.hours.models import MEMBER_STEPS, Incident, Member

Kind = Literal["no_show", "malice"]  # what a member does; a suspension is in `suspending.py`
SUSPENSION_DUE = "member.suspension_due"
SANCTIONED = frozenset({"active", "suspended", "ended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a member did, from which cause, and in the words of whoever says so."""

    kind: Kind
    cause: str
    reason: str
    task_id: UUID | None = None


async def record(
    tx: AsyncSession, member_id: UUID, happened: Happened, *, rules: SanctionRules, actor: Actor, now: datetime
) -> Incident:
    """Write an incident down and let its consequence follow. The same cause a second time changes nothing."""
    member = await locked_member(tx, member_id)
    row = insert(Incident).values(
        id=new_id(),
        member_id=member.id,
        kind=happened.kind,
        cause=happened.cause,
        task_id=happened.task_id,
        reason=happened.reason,
        recorded_by=actor.account_id,
        recorded_at=now,
        appeal_until=now + timedelta(days=rules.appeal_days),
        state="standing",
        version=1,
    )
    added = await tx.scalar(row.on_conflict_do_nothing().returning(col(Incident.id)))
    if added is not None:
        await _tell_of_it(tx, member, happened.kind, rules=rules, now=now)
        audit.note(tx, "incident.recorded", actor=actor, entity="member", entity_id=member.id, kind=happened.kind)
        await follow_incidents(tx, member, rules=rules, actor=actor, now=now)
    same = (col(Incident.kind) == happened.kind, col(Incident.cause) == happened.cause)
    return (await tx.scalars(select(Incident).where(col(Incident.member_id) == member.id, *same))).one()


async def _tell_of_it(tx: AsyncSession, member: Member, kind: Kind, *, rules: SanctionRules, now: datetime) -> None:
    counters = count(await incidents_of(tx, member.id))
    so_many = counters.no_shows if kind == "no_show" else counters.malice
    appeal_until = now + timedelta(days=rules.appeal_days)
    await tell_standing(tx, member.id, kind, count=so_many, appeal_until=appeal_until)


async def follow_incidents(
    tx: AsyncSession, member: Member, *, rules: SanctionRules, actor: Actor, now: datetime
) -> None:
    """Bring the locked member in line with the incidents that stand, and tell her what changed.

    Message member.barred when she may not serve, or may not for longer.
    """
    if member.state not in SANCTIONED:
        return
    incidents = await incidents_of(tx, member.id)
    outcome = outcome_of(incidents, rules, now=now)
    before = (member.state, member.suspended_until)
    await _watch(tx, member, outcome)
    if (outcome.state, outcome.until) == before:
        return
    if outcome.state != member.state:
        await move(tx, member, outcome.state, MEMBER_STEPS, actor=actor, now=now, reason=outcome.because)
    if outcome.state != "active":
        await outbox.send(tx, "member.barred", member_id=member.id)
    appeal_until = max((one.appeal_until for one in incidents if one.state == "standing"), default=None)
    await tell_standing(tx, member.id, outcome.state, until=outcome.until, appeal_until=appeal_until)


async def _watch(tx: AsyncSession, member: Member, outcome: Outcome) -> None:
    """The suspension's end, and the timer that notices it."""
    member.suspended_until = outcome.until
    await tx.flush()
    if outcome.until is not None:
        await timers.set_timer(tx, SUSPENSION_DUE, member.id, outcome.until)
    else:
        await timers.drop_timer(tx, SUSPENSION_DUE, member.id)


async def lift_suspension(tx: AsyncSession, member_id: UUID, *, rules: SanctionRules, now: datetime) -> None:
    """A suspension's time is over: the member is active again. One that is not over stays."""
    member = await locked_member(tx, member_id)
    await follow_incidents(tx, member, rules=rules, actor=Actor.system(), now=now)


async def incidents_of(tx: AsyncSession, member_id: UUID) -> list[Incident]:
    """All there ever were, the newest first."""
    query = select(Incident).where(col(Incident.member_id) == member_id)
    return list(await tx.scalars(query.order_by(col(Incident.recorded_at).desc(), col(Incident.id).desc())))
