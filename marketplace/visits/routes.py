"""Routes of visits: reports from the door, approval, lists for staff, a shift that does not come."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.platform import Platform
from marketplace.visits import listing
from marketplace.visits.attendance import nobody_home
from marketplace.visits.attendance.approval import approve, confirm
from marketplace.visits.attendance.checking import Checked, Kind, Report, check
from marketplace.visits.schemas import CheckedOut, ReasonIn, ReportIn, ShiftOut, VisitOut, VisitPage, VisitState
from marketplace.visits.shifts import withdraw_shift
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

Limit = FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]]
OfState = Annotated[VisitState | None, QueryParameter(name="state")]  # `state` itself is a name of the framework's
PERFORMERS = (Role.CAREGIVER, Role.VOLUNTEER)


@post(
    "/v1/assignments/{assignment_id:uuid}/check-in",
    guards=[requires(*PERFORMERS)],
    tags=["visits"],
    operation_id="checkIn",
    status_code=200,
)
async def check_in(
    assignment_id: FromPath[UUID], data: JSONBody[ReportIn], tx: Tx, actor: Acting, now: Now, platform: Home
) -> CheckedOut:
    """Arrive at an elder's. Needs no Idempotency-Key: the device's event id is one. Late reports are welcome."""
    return await _check(tx, assignment_id, data, "in", platform=platform, actor=actor, now=now)


@post(
    "/v1/assignments/{assignment_id:uuid}/check-out",
    guards=[requires(*PERFORMERS)],
    tags=["visits"],
    operation_id="checkOut",
    status_code=200,
)
async def check_out(
    assignment_id: FromPath[UUID], data: JSONBody[ReportIn], tx: Tx, actor: Acting, now: Now, platform: Home
) -> CheckedOut:
    """Leave an elder's. Complete evidence is approved by rule after the objection time, the rest by an officer."""
    return await _check(tx, assignment_id, data, "out", platform=platform, actor=actor, now=now)


@post(
    "/v1/assignments/{assignment_id:uuid}/nobody-opens",
    guards=[requires(*PERFORMERS)],
    tags=["visits"],
    operation_id="nobodyOpens",
    status_code=200,
)
async def nobody_opens(
    assignment_id: FromPath[UUID], data: JSONBody[ReportIn], tx: Tx, actor: Acting, now: Now, platform: Home
) -> CheckedOut:
    """Nobody opens. Say so on arrival, and again when leaving, after the waiting time: an officer looks after her."""
    kind: Kind = await nobody_home.kind_of(tx, assignment_id, data.event_id)
    report = Report(kind=kind, **data.model_dump())
    rules = platform.policy.visit
    return _kept(await nobody_home.report(tx, assignment_id, report, rules=rules, actor=actor, now=now))


async def _check(
    tx: AsyncSession,
    assignment_id: UUID,
    data: ReportIn,
    kind: Kind,
    *,
    platform: Platform,
    actor: Actor,
    now: datetime,
) -> CheckedOut:
    report = Report(kind=kind, **data.model_dump())
    return _kept(await check(tx, assignment_id, report, rules=platform.policy.visit, actor=actor, now=now))


def _kept(kept: Checked) -> CheckedOut:
    return CheckedOut(
        event_id=kept.event.id,
        assignment_id=kept.assignment.id,
        visit_id=kept.visit.id,
        device_at=kept.event.device_at,
        received_at=kept.event.received_at,
        distance_metres=round(kept.event.distance_metres),
        verdict=kept.event.verdict,
        assignment_state=kept.assignment.state,
        visit_state=VisitOut.of(kept.visit).state,
    )


@post(
    "/v1/visits/{visit_id:uuid}/approve",
    guards=[requires(Role.OFFICER)],
    tags=["visits"],
    operation_id="approveVisit",
    status_code=200,
)
async def approve_visit(
    visit_id: FromPath[UUID], data: JSONBody[ReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> VisitOut:
    """An officer approves an exception, or a complete visit early, and says why."""

    async def work() -> VisitOut:
        return VisitOut.of(await approve(tx, visit_id, actor=actor, now=now, reason=data.reason))

    return await once(tx, VisitOut, work)


@post(
    "/v1/visits/{visit_id:uuid}/confirm",
    guards=[requires(Role.ELDER, Role.FAMILY)],
    tags=["visits"],
    operation_id="confirmVisit",
    status_code=200,
)
async def confirm_visit(visit_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, once: OnceGiven) -> VisitOut:
    """The elder or her family confirms: approved at once."""

    async def work() -> VisitOut:
        return VisitOut.of(await confirm(tx, visit_id, actor=actor, now=now))

    return await once(tx, VisitOut, work)


@get("/v1/visits", guards=[requires(*STAFF)], tags=["visits"], operation_id="listVisits")
async def list_visits(
    tx: Tx,
    actor: Acting,
    now: Now,
    of_state: OfState = None,
    district_id: FromQuery[UUID | None] = None,
    day: FromQuery[date | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> VisitPage:
    """Visits within the actor's reach."""
    found = await listing.visits_for(
        tx, actor=actor, now=now, state=of_state, district_id=district_id, day=day, after=after, limit=limit + 1
    )
    return _page([VisitOut.of(visit) for visit in found], limit)


@get("/v1/visits/exceptions", guards=[requires(*STAFF)], tags=["visits"], operation_id="listExceptions")
async def list_exceptions(
    tx: Tx, actor: Acting, now: Now, after: FromQuery[UUID | None] = None, limit: Limit = 50
) -> VisitPage:
    """Visits whose evidence is incomplete and that wait for an officer."""
    found = await listing.visits_for(tx, actor=actor, now=now, state="exception", after=after, limit=limit + 1)
    return _page([VisitOut.of(visit) for visit in found], limit)


def _page(found: list[VisitOut], limit: int) -> VisitPage:
    items = found[:limit]
    return VisitPage(items=items, next_after=items[-1].id if len(found) > limit else None)


@post(
    "/v1/shifts/{shift_id:uuid}/absent",
    guards=[requires(Role.DISPATCHER, Role.PROVIDER)],
    tags=["visits"],
    operation_id="reportAbsent",
    status_code=200,
)
async def report_absent(
    shift_id: FromPath[UUID], data: JSONBody[ReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> ShiftOut:
    """The performer does not come: what the shift has not begun is planned anew."""
    await listing.require_shift(tx, shift_id, actor=actor)

    async def work() -> ShiftOut:
        return ShiftOut.of(await withdraw_shift(tx, shift_id, actor=actor, now=now, reason=data.reason))

    return await once(tx, ShiftOut, work)


ROUTES: list[Any] = [
    check_in,
    check_out,
    nobody_opens,
    approve_visit,
    confirm_visit,
    list_visits,
    list_exceptions,
    report_absent,
]
