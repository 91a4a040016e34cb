"""Planning a district's day, in three beats: claim and read, solve in a child process, check and publish.

Killed at any line it leaves either the old plan or the new one; its claim lapses and its message comes again.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.database import transaction
from marketplace.base.errors import Unknown
from marketplace.base.platform import Platform
from marketplace.people.access import in_reach
from marketplace.people.models import Region
from marketplace.planning import requests
from marketplace.planning.day import has_shifts, read_day
from marketplace.planning.errors import DayPast, DayTooFar, NoShifts, PlanRejected
from marketplace.planning.models import Plan, PlanRequest
from marketplace.planning.publishing import next_version, publish, reject
from marketplace.planning.requests import Claim
from marketplace.planning.solver import solve, violations
from marketplace.planning.trial import Trial, prepare

log = structlog.get_logger()

LEASE_SHARE = 0.9  # of the delivery's lease: the claim lapses before the message comes again


async def require_plannable(
    tx: AsyncSession, district_id: UUID, day: date, *, actor: Actor, now: datetime, horizon_days: int
) -> None:
    """`Unknown` district, `DayPast`, `DayTooFar` or `NoShifts`: everything a run would find out too late."""
    region = await tx.get(Region, district_id)
    if region is None or region.level != "district" or not await in_reach(tx, actor, district_id):
        raise Unknown(pointer="/district_id", what="district")
    today = local_day(now)
    if day < today:
        raise DayPast(pointer="/day")
    if day > today + timedelta(days=horizon_days):
        raise DayTooFar(pointer="/day", horizon_days=horizon_days)
    if not await has_shifts(tx, district_id, day):
        raise NoShifts(district_id=str(district_id), day=day.isoformat())


async def request(tx: AsyncSession, district_id: UUID, day: date, *, now: datetime) -> PlanRequest:
    """Have the day planned, now."""
    asked = await requests.ask(tx, district_id, day, now=now)
    await requests.send_for(tx, district_id, day)
    return asked


async def follow_change(tx: AsyncSession, district_id: UUID, day: date, *, now: datetime) -> None:
    """Something of the day changed. Today, or a day that has a plan, is planned anew; another day waits."""
    if day < local_day(now):
        return
    await requests.ask(tx, district_id, day, now=now)
    in_force = select(col(Plan.id)).where(
        col(Plan.district_id) == district_id, col(Plan.day) == day, col(Plan.state) == "published"
    )
    if day == local_day(now) or await tx.scalar(in_force) is not None:
        await requests.send_for(tx, district_id, day)


async def plan_day(platform: Platform, district_id: UUID, day: date) -> None:
    """Answer whatever was asked about the day. `AlreadyPlanning`, `SolverFailed`, `PlanRejected`: try again later."""
    begun = await _begin(platform, district_id, day)
    if begun is None:
        return
    claim, trial, seed = begun
    try:
        answer = await solve(trial.problem, seconds=platform.settings.solve_seconds, seed=seed)
        broken = await violations(trial.problem, answer)
        if broken:
            await _reject(platform, claim, trial, answer, broken)
        async with transaction(platform.db) as tx:
            plan = await publish(tx, claim, trial, answer, policy=platform.policy.stamp, now=platform.now())
    except BaseException as error:
        # also when cancelled by the delivery's time limit: the next run need not wait for the lease
        async with transaction(platform.db) as tx:
            await requests.give_up(tx, claim, outcome=getattr(error, "code", "failed"))
        raise
    log.info(
        "plan published",
        plan_id=str(plan.id),
        district_id=str(district_id),
        day=day.isoformat(),
        version=plan.version,
        visits=len(trial.visits),
        unassigned=len(answer["unassigned"]),
        seconds=plan.seconds,
    )


async def _begin(platform: Platform, district_id: UUID, day: date) -> tuple[Claim, Trial, int] | None:
    """Claim and read in one transaction. A day that is over, or without shifts, is answered without the engine."""
    now = platform.now()
    lease_seconds = platform.settings.lease_seconds * LEASE_SHARE
    async with transaction(platform.db) as tx:
        claim = await requests.claim(tx, district_id, day, lease_seconds=lease_seconds)
        if claim is None:
            return None
        if day < local_day(now):
            await requests.finish(tx, claim, outcome=DayPast.code)
            return None
        if not await has_shifts(tx, district_id, day):
            await requests.finish(tx, claim, outcome=NoShifts.code)
            return None
        # a new seed for every stored plan, the rejected among them: a retry does not run into the same wall
        seed = await next_version(tx, district_id, day)
        return claim, prepare(await read_day(tx, district_id, day), now), seed


async def _reject(platform: Platform, claim: Claim, trial: Trial, answer: dict[str, Any], broken: list[str]) -> None:
    async with transaction(platform.db) as tx:
        plan = await reject(tx, claim, trial, answer, policy=platform.policy.stamp, now=platform.now())
    log.error("plan rejected", plan_id=str(plan.id), count=len(broken), reason=broken[0])
    raise PlanRejected(plan_id=str(plan.id), violations=broken[:20])


async def preview(platform: Platform, district_id: UUID, day: date, *, actor: Actor) -> tuple[Trial, dict[str, Any]]:
    """What a run would publish at this moment; nothing is stored. Checked like any plan."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        await require_plannable(
            tx, district_id, day, actor=actor, now=now, horizon_days=platform.policy.booking.horizon_days
        )
        trial = prepare(await read_day(tx, district_id, day), now)
    answer = await solve(trial.problem, seconds=platform.settings.solve_seconds, seed=1)
    broken = await violations(trial.problem, answer)
    if broken:
        raise PlanRejected(violations=broken[:20])
    return trial, answer
