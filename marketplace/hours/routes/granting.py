"""What a branch grants: an officer's grants of the pool, its allocation to key elders, the month's issues."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Language, Unknown
from marketplace.hours.giving import allocating, granting, issuing, monthly
from marketplace.hours.giving.grant_schemas import (
    AllocationIn,
    AllocationOut,
    IssueIn,
    IssueOut,
    IssuesOut,
    KeyGrantOut,
    MonthGrantsIn,
    MonthGrantsOut,
    MonthLineOut,
    PoolGrantIn,
    TurnOut,
)
from marketplace.hours.giving.key_elders import key_grants_of, month_of
from marketplace.hours.giving.schemas import OrderOut
from marketplace.hours.members.proxies import is_officer_of
from marketplace.hours.routes.giving import shown
from marketplace.people.models import Region
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Doing, Now, Tx
from marketplace.web.problem import language_of

GRANTS = ["grants"]
STAFF = (Role.OFFICER, Role.OPERATOR)


@post(
    "/v1/branches/{district_id:uuid}/grants",
    tags=GRANTS,
    guards=[requires(*STAFF)],
    operation_id="grantFromPool",
)
async def grant_from_pool(
    district_id: FromPath[UUID],
    data: JSONBody[PoolGrantIn],
    act: Doing,
) -> OrderOut:
    """Grant an elder of the branch minutes of its pool."""

    async def work() -> OrderOut:
        given = data.model_dump()
        return shown(
            await granting.grant_from_pool(
                act.tx, district_id, **given, policy=act.platform.policy, actor=act.actor, now=act.now
            )
        )

    return await act.once(OrderOut, work)


@post(
    "/v1/branches/{district_id:uuid}/allocations",
    tags=GRANTS,
    guards=[requires(*STAFF)],
    operation_id="allocatePool",
)
async def allocate(
    district_id: FromPath[UUID],
    data: JSONBody[AllocationIn],
    act: Doing,
) -> AllocationOut:
    """Let the pool grant to its key elders in the rule set's order, or see what it would grant."""

    async def work() -> AllocationOut:
        await _require_branch(act.tx, district_id, act.actor)
        run = await allocating.allocate(
            act.tx,
            district_id,
            each=data.minutes_each,
            dry_run=data.dry_run,
            policy=act.platform.policy,
            actor=act.actor,
            now=act.now,
        )
        return AllocationOut(
            district_id=district_id,
            dry_run=run.dry_run,
            waits=run.waits,
            pool_minutes=run.pool_minutes,
            granted_minutes=run.granted_minutes,
            short_minutes=run.short_minutes,
            turns=[_turn(turn) for turn in run.turns],
        )

    return await act.once(AllocationOut, work)


def _turn(one: allocating.Turn) -> TurnOut:
    return TurnOut(
        turn=one.turn,
        member_id=one.elder.member.id,
        group_rank=one.elder.rank,
        minutes=one.minutes,
        reason=one.reason,
    )


@post(
    "/v1/branches/{district_id:uuid}/issues",
    tags=GRANTS,
    guards=[requires(*STAFF)],
    operation_id="issueMonth",
)
async def issue_month(
    district_id: FromPath[UUID],
    data: JSONBody[IssueIn],
    act: Doing,
) -> IssuesOut:
    """Let programmes issue this month's minutes to the branch's key elders, or see what they would issue."""

    async def work() -> IssuesOut:
        await _require_branch(act.tx, district_id, act.actor)
        run = await issuing.issue(act.tx, district_id, dry_run=data.dry_run, policy=act.platform.policy, now=act.now)
        return IssuesOut(
            district_id=district_id,
            month=run.month,
            dry_run=run.dry_run,
            issued_minutes=run.issued_minutes,
            issued=[_issue(one) for one in run.issued],
            missing=[_issue(one) for one in run.missing],
        )

    return await act.once(IssuesOut, work)


@post(
    "/v1/branches/{district_id:uuid}/month-grants",
    tags=GRANTS,
    guards=[requires(*STAFF)],
    status_code=200,
    operation_id="grantMonth",
)
async def grant_month(
    request: Request[Any, Any, Any],
    district_id: FromPath[UUID],
    data: JSONBody[MonthGrantsIn],
    act: Doing,
) -> MonthGrantsOut:
    """Carry out chosen lines of a month at once: grants that wait, what programmes issue, what the pool grants."""

    async def work() -> MonthGrantsOut:
        await _require_branch(act.tx, district_id, act.actor)
        wanted = [monthly.Wanted(one.source, one.id, one.minutes) for one in dict.fromkeys(data.lines)]
        carried = await monthly.grant_month(
            act.tx,
            district_id,
            wanted,
            dry_run=data.dry_run,
            policy=act.platform.policy,
            actor=act.actor,
            now=act.now,
        )
        granted = [one.wanted.minutes for one in carried.answers if one.refusal is None]
        return MonthGrantsOut(
            district_id=district_id,
            dry_run=data.dry_run,
            granted=len(granted),
            refused=len(carried.answers) - len(granted),
            granted_minutes=sum(granted),
            pool_minutes=carried.pool_minutes,
            lines=[_answer(one, language_of(request)) for one in carried.answers],
        )

    return await act.once(MonthGrantsOut, work)


def _answer(one: monthly.Answer, language: Language) -> MonthLineOut:
    return MonthLineOut(
        source=one.wanted.source,
        id=one.wanted.id,
        minutes=one.wanted.minutes,
        outcome="refused" if one.refusal else "granted",
        code=one.refusal.code if one.refusal else None,
        detail=one.refusal.sentence(language) if one.refusal else None,
    )


def _issue(one: issuing.Issue) -> IssueOut:
    return IssueOut(
        member_id=one.elder.member.id,
        programme_id=one.programme.id if one.programme else None,
        group_rank=one.elder.rank,
        minutes=one.minutes,
        reason=one.reason,
    )


@get(
    "/v1/branches/{district_id:uuid}/key-grants",
    tags=GRANTS,
    guards=[requires(*STAFF)],
    operation_id="listKeyGrants",
)
async def list_key_grants(
    district_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, month: FromQuery[date | None] = None
) -> list[KeyGrantOut]:
    """What a branch's key elders were granted in a month (named by any day of it, else this one), and why."""
    await _require_branch(tx, district_id, actor)
    found = await key_grants_of(tx, district_id, (month or month_of(now)).replace(day=1))
    return [KeyGrantOut(**row.model_dump(include=set(KeyGrantOut.model_fields))) for row in found]


async def _require_branch(tx: AsyncSession, district_id: UUID, actor: Actor) -> None:
    region = await tx.get(Region, district_id)
    if region is None or region.level != "district" or not await is_officer_of(tx, district_id, actor):
        raise Unknown(what="branch")


HANDLERS: list[Any] = [grant_from_pool, allocate, issue_month, grant_month, list_key_grants]
