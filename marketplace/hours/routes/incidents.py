"""Incidents and suspensions: recorded by officers, appealed by members, decided by another officer."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.members.files import happened_to
from marketplace.hours.members.proxies import overseen_member
from marketplace.hours.members.schemas import (
    AppealDecisionIn,
    AppealIn,
    IncidentIn,
    IncidentOut,
    IncidentPage,
    LiftIn,
    SuspensionIn,
)
from marketplace.hours.members.standing.appeals import appeal, decide_appeal, open_appeals
from marketplace.hours.members.standing.incidents import record
from marketplace.hours.members.standing.suspending import lift, suspend
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Doing, Tx

TAGS = ["hours"]
# acts on what exists already are answered 200
decision = partial(post, tags=TAGS, guards=[requires(Role.OFFICER)], status_code=200)


@post(
    "/v1/members/{member_id:uuid}/incidents",
    tags=TAGS,
    guards=[requires(Role.OFFICER)],
    operation_id="recordIncident",
)
async def record_incident(
    member_id: FromPath[UUID],
    data: JSONBody[IncidentIn],
    act: Doing,
) -> IncidentOut:
    """Record what a member did. Suspension and the end of the membership follow from what stands on record."""

    async def work() -> IncidentOut:
        member = await overseen_member(act.tx, member_id, actor=act.actor)
        happened = await happened_to(act.tx, member.id, data)
        rules = act.platform.policy.timebank.sanctions
        return IncidentOut.of(await record(act.tx, member.id, happened, rules=rules, actor=act.actor, now=act.now))

    return await act.once(IncidentOut, work)


@post(
    "/v1/members/{member_id:uuid}/suspensions",
    tags=TAGS,
    guards=[requires(Role.OFFICER)],
    operation_id="suspendMember",
)
async def suspend_member(
    member_id: FromPath[UUID],
    data: JSONBody[SuspensionIn],
    act: Doing,
) -> IncidentOut:
    """Suspend a member of one's branch, until an instant or until it is lifted. She is told, and may appeal."""

    async def work() -> IncidentOut:
        rules = act.platform.policy.timebank.sanctions
        return IncidentOut.of(
            await suspend(
                act.tx, member_id, until=data.until, reason=data.reason, rules=rules, actor=act.actor, now=act.now
            )
        )

    return await act.once(IncidentOut, work)


@decision("/v1/incidents/{incident_id:uuid}/lift", operation_id="liftSuspension")
async def lift_suspension(
    incident_id: FromPath[UUID],
    data: JSONBody[LiftIn],
    act: Doing,
) -> IncidentOut:
    """End an officer's suspension before its time."""

    async def work() -> IncidentOut:
        rules = act.platform.policy.timebank.sanctions
        return IncidentOut.of(
            await lift(act.tx, incident_id, reason=data.reason, rules=rules, actor=act.actor, now=act.now)
        )

    return await act.once(IncidentOut, work)


@get("/v1/incidents/appealed", tags=TAGS, guards=[requires(Role.OFFICER)], operation_id="listAppeals")
async def list_appeals(
    tx: Tx,
    actor: Acting,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> IncidentPage:
    """Appeals that wait for a decision, in one's branches."""
    found = await open_appeals(tx, actor=actor, after=after, limit=limit + 1)
    items = [IncidentOut.of(incident) for incident, _ in found[:limit]]
    return IncidentPage(items=items, next_after=items[-1].id if len(found) > limit else None)


@post(
    "/v1/incidents/{incident_id:uuid}/appeal",
    tags=TAGS,
    guards=[signed_in],
    operation_id="appealIncident",
    status_code=200,
)
async def appeal_incident(incident_id: FromPath[UUID], data: JSONBody[AppealIn], act: Doing) -> IncidentOut:
    """Appeal, once and in time. The incident counts until it is struck out."""

    async def work() -> IncidentOut:
        return IncidentOut.of(await appeal(act.tx, incident_id, words=data.words, actor=act.actor, now=act.now))

    return await act.once(IncidentOut, work)


@decision("/v1/incidents/{incident_id:uuid}/decision", operation_id="decideIncidentAppeal")
async def decide(
    incident_id: FromPath[UUID],
    data: JSONBody[AppealDecisionIn],
    act: Doing,
) -> IncidentOut:
    """An officer other than who recorded it upholds an incident or strikes it out; the membership follows."""

    async def work() -> IncidentOut:
        decided = await decide_appeal(
            act.tx,
            incident_id,
            strike_out=data.strike_out,
            reason=data.reason,
            rules=act.platform.policy.timebank.sanctions,
            actor=act.actor,
            now=act.now,
        )
        return IncidentOut.of(decided)

    return await act.once(IncidentOut, work)


HANDLERS: list[Any] = [record_incident, suspend_member, lift_suspension, list_appeals, appeal_incident, decide]
