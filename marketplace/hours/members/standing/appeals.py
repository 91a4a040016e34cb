"""Appeals: a member contests an incident once, in time; somebody else than who recorded it decides."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Forbidden, Unknown
from marketplace.base.states import move
from marketplace.base.timebank_rules import SanctionRules
from marketplace.hours.members.errors import AppealTooLate, OwnIncident
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.proxies import acts_for
from marketplace.hours.members.standing.incidents import follow_incidents
from marketplace.hours.members.standing.telling import tell_standing
from marketplace.hours.models import INCIDENT_STEPS, Incident, Member
from marketplace.people.access import in_reach
from marketplace.people.models import Region
from marketplace.providers.errors import AnotherPerson


async def appeal(tx: AsyncSession, incident_id: UUID, *, words: str, actor: Actor, now: datetime) -> Incident:
    """The member, a minor's guardian or a group's contact appeals. `Unknown`, `AppealTooLate`."""
    incident, member = await _locked(tx, incident_id)
    if not await acts_for(tx, actor, member):
        raise Unknown(what="incident")
    if incident.state != "standing" or now >= incident.appeal_until:
        raise AppealTooLate(appeal_until=incident.appeal_until.isoformat())
    incident.appeal, incident.appealed_at = words, now
    await move(tx, incident, "appealed", INCIDENT_STEPS, actor=actor, now=now, on_behalf_of=member.account_id)
    return incident


async def decide_appeal(
    tx: AsyncSession,
    incident_id: UUID,
    *,
    strike_out: bool,
    reason: str,
    rules: SanctionRules,
    actor: Actor,
    now: datetime,
) -> Incident:
    """Uphold the incident or strike it out; the membership is worked out anew.

    `Unknown` out of reach, `OwnIncident`, `AnotherPerson` for who recorded it, `IllegalTransition`.
    """
    if actor.account_id is None:  # a person decides
        raise Forbidden
    incident, member = await _locked(tx, incident_id)
    if not (actor.is_any(Role.OFFICER) and await in_reach(tx, actor, member.district_id)):
        raise Unknown(what="incident")
    if await acts_for(tx, actor, member):
        raise OwnIncident
    if incident.recorded_by == actor.account_id:
        raise AnotherPerson
    incident.decided_by, incident.decision, incident.decided_at = actor.account_id, reason, now
    to = "struck_out" if strike_out else "upheld"
    await move(tx, incident, to, INCIDENT_STEPS, actor=actor, now=now, reason=reason)
    await tell_standing(tx, member.id, to)
    if strike_out:
        await follow_incidents(tx, member, rules=rules, actor=actor, now=now)
    return incident


async def open_appeals(
    tx: AsyncSession, *, actor: Actor, after: UUID | None = None, limit: int = 50
) -> list[tuple[Incident, Member]]:
    """Appeals that wait for an officer of these branches, by id."""
    query = (
        select(Incident, Member)
        .join(Member, col(Member.id) == col(Incident.member_id))
        .join(Region, col(Region.id) == col(Member.district_id))
        .where(col(Incident.state) == "appealed", col(Region.path).startswith(actor.region_path, autoescape=True))
        .order_by(col(Incident.id))
        .limit(limit)
    )
    if after is not None:
        query = query.where(col(Incident.id) > after)
    return [(incident, member) for incident, member in await tx.execute(query)]


async def _locked(tx: AsyncSession, incident_id: UUID) -> tuple[Incident, Member]:
    """The member first, then the incident: the order in which both are written."""
    member_id = await tx.scalar(select(col(Incident.member_id)).where(col(Incident.id) == incident_id))
    if member_id is None:
        raise Unknown(what="incident")
    member = await locked_member(tx, member_id)
    incident = await tx.get_one(Incident, incident_id, with_for_update=True, populate_existing=True)
    return incident, member
