"""What a person judges about tasks: requests under review, disputes and their decisions."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.routes.showing import shown, shown_page
from marketplace.hours.schemas import TaskOut, TaskPage, VerdictIn, WhyIn
from marketplace.hours.tasks import disputing, listing, reviewing
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["tasks"]
OFFICERS = [requires(Role.OFFICER)]
Limit = FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]]


@get("/v1/tasks/submitted", tags=TAGS, guards=OFFICERS, operation_id="listSubmittedTasks")
async def list_submitted(
    tx: Tx, actor: Acting, now: Now, platform: Home, after: FromQuery[UUID | None] = None, limit: Limit = 50
) -> TaskPage:
    """Requests that wait for an officer's review, of elders within reach."""
    found = await listing.waiting_tasks(tx, "submitted", actor=actor, now=now, after=after, limit=limit + 1)
    return await shown_page(tx, platform, found, actor, limit)


@get("/v1/tasks/disputed", tags=TAGS, guards=OFFICERS, operation_id="listDisputedTasks")
async def list_disputed(
    tx: Tx, actor: Acting, now: Now, platform: Home, after: FromQuery[UUID | None] = None, limit: Limit = 50
) -> TaskPage:
    """Disputed tasks that wait for an officer's decision, of elders within reach."""
    found = await listing.waiting_tasks(tx, "disputed", actor=actor, now=now, after=after, limit=limit + 1)
    return await shown_page(tx, platform, found, actor, limit)


@post(
    "/v1/tasks/{task_id:uuid}/publish", tags=TAGS, guards=OFFICERS, operation_id="publishSubmittedTask", status_code=200
)
async def publish_submitted(
    task_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> TaskOut:
    """Publish a submitted request, with all its places: its hours are set aside now."""

    async def work() -> TaskOut:
        rules = platform.policy.timebank
        task = await reviewing.accept_request(tx, task_id, rules=rules, actor=actor, now=now)
        return await shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


@post("/v1/tasks/{task_id:uuid}/return", tags=TAGS, guards=OFFICERS, operation_id="returnTask", status_code=200)
async def return_task(
    task_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> TaskOut:
    """Return a submitted request to who asked, with a reason."""

    async def work() -> TaskOut:
        task = await reviewing.return_request(tx, task_id, reason=data.reason, actor=actor, now=now)
        return await shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


@post(
    "/v1/tasks/{task_id:uuid}/dispute",
    tags=TAGS,
    guards=[requires(Role.ELDER, Role.FAMILY, Role.OFFICER)],
    operation_id="disputeTask",
    status_code=200,
)
async def dispute_task(
    task_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> TaskOut:
    """Dispute what was done, before it is confirmed: an officer decides, and the hours stay set aside until then."""

    async def work() -> TaskOut:
        rules = platform.policy.visit
        task = await disputing.dispute(tx, task_id, reason=data.reason, rules=rules, actor=actor, now=now)
        return await shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


@post("/v1/tasks/{task_id:uuid}/decision", tags=TAGS, guards=OFFICERS, operation_id="decideTask", status_code=200)
async def decide_task(
    task_id: FromPath[UUID],
    data: JSONBody[VerdictIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> TaskOut:
    """Decide a dispute: in full as the evidence says, in part, or nothing."""

    async def work() -> TaskOut:
        task = await disputing.decide(
            tx,
            task_id,
            verdict=data.verdict,
            minutes=data.minutes,
            reason=data.reason,
            rules=platform.policy.timebank,
            actor=actor,
            now=now,
        )
        return await shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


HANDLERS: list[Any] = [list_submitted, list_disputed, publish_submitted, return_task, dispute_task, decide_task]
