"""Routes of planning: asking for a plan, reading plans, and a performer's own route."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import select
from sqlmodel import col

from marketplace.base.actor import STAFF, Actor, Role
from marketplace.base.clock import local_day
from marketplace.base.database import transaction
from marketplace.base.errors import Unknown
from marketplace.base.platform import Platform
from marketplace.people.access import in_reach
from marketplace.people.models import Region
from marketplace.planning import my_route, service, views
from marketplace.planning.errors import PreviewsBusy
from marketplace.planning.models import Plan, PlanRequest
from marketplace.planning.schemas import (
    MyRoute,
    PlanDetail,
    PlanFull,
    PlanIn,
    PlanOut,
    PlanRequestOut,
    PlanRequests,
    Plans,
)
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx
from marketplace.web.etag import answer, etag

PREVIEWS = 2  # trial runs at once in one process; each is a child with a core of its own
NEWEST = 50


@post(
    "/v1/plans",
    guards=[requires(Role.DISPATCHER)],
    tags=["plans"],
    operation_id="requestPlan",
    status_code=202,
)
async def request_plan(
    data: JSONBody[PlanIn], actor: Acting, platform: Home, once: OnceGiven
) -> Response[PlanRequestOut | PlanDetail]:
    """Have a district's day planned: 202, then follow `/v1/plans/requests`. With `dry_run`: 200 and the plan."""
    if data.dry_run:
        return Response(await _preview(platform, data, actor), status_code=200)

    # the transaction is opened here and not by dependency: a trial run may not wait for the engine inside one
    async with transaction(platform.db) as tx:

        async def work() -> PlanRequestOut:
            now = platform.now()
            horizon_days = platform.policy.booking.horizon_days
            await service.require_plannable(
                tx, data.district_id, data.day, actor=actor, now=now, horizon_days=horizon_days
            )
            return PlanRequestOut.of(await service.request(tx, data.district_id, data.day, now=now))

        asked = await once(tx, PlanRequestOut, work)
    return Response(asked, status_code=202)


async def _preview(platform: Platform, data: PlanIn, actor: Actor) -> PlanDetail:
    gate = platform.part("planning.previews", lambda _settings: asyncio.Semaphore(PREVIEWS))
    if gate.locked():
        raise PreviewsBusy(retry_after_seconds=round(platform.settings.solve_seconds) + 1)
    async with gate:
        trial, found = await service.preview(platform, data.district_id, data.day, actor=actor)
    async with transaction(platform.db) as tx:
        scene = await views.scene_of(tx, trial.day.midnight, found, trial.kept)
    return views.detail(scene, found, trial.kept, live=[], late={})


@get("/v1/plans", guards=[requires(*STAFF)], tags=["plans"], operation_id="listPlans")
async def list_plans(tx: Tx, actor: Acting, day: FromQuery[date], district_id: FromQuery[UUID | None] = None) -> Plans:
    """The plans of a day within the actor's reach, newest first."""
    query = select(Plan).join(Region, col(Region.id) == col(Plan.district_id)).where(col(Plan.day) == day)
    if not actor.is_system and actor.region_path:
        query = query.where(col(Region.path).startswith(actor.region_path, autoescape=True))
    if district_id is not None:
        query = query.where(col(Plan.district_id) == district_id)
    found = await tx.scalars(query.order_by(col(Plan.id).desc()).limit(NEWEST))
    return Plans(items=[PlanOut.of(plan) for plan in found])


@get("/v1/plans/requests", guards=[requires(*STAFF)], tags=["plans"], operation_id="listPlanRequests")
async def list_requests(tx: Tx, actor: Acting, day: FromQuery[date]) -> PlanRequests:
    """How far the planning of a day is, by district within the actor's reach."""
    query = select(PlanRequest).join(Region, col(Region.id) == col(PlanRequest.district_id))
    query = query.where(col(PlanRequest.day) == day)
    if not actor.is_system and actor.region_path:
        query = query.where(col(Region.path).startswith(actor.region_path, autoescape=True))
    found = await tx.scalars(query.order_by(col(Region.path)))
    return PlanRequests(items=[PlanRequestOut.of(request) for request in found])


@get("/v1/plans/{plan_id:uuid}", guards=[requires(*STAFF)], tags=["plans"], operation_id="showPlan")
async def show_plan(plan_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now) -> PlanFull:
    """One plan with routes and stops, who is late, and the unassigned with their reasons."""
    plan = await tx.get(Plan, plan_id)
    if plan is None or not await in_reach(tx, actor, plan.district_id):
        raise Unknown(what="plan")
    found = await views.detail_of(tx, plan, now=now)
    return PlanFull(plan=PlanOut.of(plan), **dict(found))


@get(
    "/v1/me/route",
    guards=[requires(Role.CAREGIVER, Role.VOLUNTEER)],
    tags=["plans"],
    operation_id="myRoute",
)
async def show_my_route(
    request: Request[Any, Any, Any],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    day: FromQuery[date | None] = None,
) -> Response[MyRoute]:
    """The signed-in performer's stops of a day (today if none is named), with an ETag: 304 while nothing changed."""
    line = await my_route.line_of(tx, day or local_day(now), actor=actor, now=now)
    if request.headers.get("if-none-match") == etag(line.version):
        return answer(request, None, line.version)
    return answer(request, await my_route.opened(tx, platform.vault, line, actor=actor), line.version)


ROUTES: list[Any] = [request_plan, list_plans, list_requests, show_plan, show_my_route]
