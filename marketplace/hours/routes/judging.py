"""What a person judges about tasks: requests under review, disputes and their decisions."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.hours.routes.showing import shown, shown_page
from marketplace.hours.schemas import TaskOut, TaskPage, VerdictIn, WhyIn
from marketplace.hours.tasks import disputing, listing, reviewing
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Doing, Home, Now, Tx

TAGS = ["tasks"]
OFFICERS = [requires(Role.OFFICER)]
Limit = FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]]
# acts on what exists already are answered 200
judgement = partial(post, tags=TAGS, guards=OFFICERS, status_code=200)


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


@judgement("/v1/tasks/{task_id:uuid}/publish", operation_id="publishSubmittedTask")
async def publish_submitted(task_id: FromPath[UUID], act: Doing) -> TaskOut:
    """Publish a submitted request, with all its places: its hours are set aside now."""

    async def work() -> TaskOut:
        rules = act.platform.policy.timebank
        task = await reviewing.accept_request(act.tx, task_id, rules=rules, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@judgement("/v1/tasks/{task_id:uuid}/return", operation_id="returnTask")
async def return_task(
    task_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> TaskOut:
    """Return a submitted request to who asked, with a reason."""

    async def work() -> TaskOut:
        task = await reviewing.return_request(act.tx, task_id, reason=data.reason, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


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
    act: Doing,
) -> TaskOut:
    """Dispute what was done, before it is confirmed: an officer decides, and the hours stay set aside until then."""

    async def work() -> TaskOut:
        rules = act.platform.policy.visit
        task = await disputing.dispute(act.tx, task_id, reason=data.reason, rules=rules, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@judgement("/v1/tasks/{task_id:uuid}/decision", operation_id="decideTask")
async def decide_task(
    task_id: FromPath[UUID],
    data: JSONBody[VerdictIn],
    act: Doing,
) -> TaskOut:
    """Decide a dispute: in full as the evidence says, in part, or nothing."""

    async def work() -> TaskOut:
        task = await disputing.decide(
            act.tx,
            task_id,
            verdict=data.verdict,
            minutes=data.minutes,
            reason=data.reason,
            rules=act.platform.policy.timebank,
            actor=act.actor,
            now=act.now,
        )
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


HANDLERS: list[Any] = [list_submitted, list_disputed, publish_submitted, return_task, dispute_task, decide_task]
