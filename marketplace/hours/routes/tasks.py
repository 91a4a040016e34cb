"""Tasks: asking for help, finding a task, taking it, calling it off."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.crypto import Erased
from marketplace.base.errors import Malformed
from marketplace.base.platform import Platform
from marketplace.hours.errors import NotAMember
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.models import Task
from marketplace.hours.schemas import CancelTaskIn, GrabIn, OpenTaskOut, OpenTaskPage, TaskIn, TaskOut
from marketplace.hours.tasks import ending, grabbing, listing
from marketplace.hours.tasks.gates import warnings_for
from marketplace.hours.tasks.publishing import Ask, publish
from marketplace.people.models import Region
from marketplace.visits.attendance.evidence import metres_between
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["tasks"]
ASKERS = (Role.ELDER, Role.FAMILY, Role.OFFICER)
TAKERS = (Role.VOLUNTEER, Role.FAMILY, Role.ELDER)  # a minor's guardian takes tasks for her
Degrees = Annotated[float | None, QueryParameter(ge=-180, le=180)]


@post("/v1/tasks", tags=TAGS, guards=[requires(*ASKERS)], operation_id="publishTask")
async def publish_task(
    data: JSONBody[TaskIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> TaskOut:
    """Ask volunteers for help. The hours are set aside at once; without a source nothing is published."""

    async def work() -> TaskOut:
        ask = Ask(**data.model_dump())
        task = await publish(tx, platform.vault, ask, policy=platform.policy, actor=actor, now=now)
        return await _shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


@get("/v1/tasks", tags=TAGS, guards=[requires(Role.VOLUNTEER, Role.OFFICER)], operation_id="listTasks")
async def list_tasks(
    tx: Tx,
    actor: Acting,
    now: Now,
    district_id: FromQuery[UUID | None] = None,
    lon: FromQuery[Degrees] = None,
    lat: FromQuery[Annotated[float | None, QueryParameter(ge=-90, le=90)]] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> OpenTaskPage:
    """Tasks that can be taken in a district (one's home branch if none is named), with the distance from a place."""
    if (lon is None) != (lat is None):
        raise Malformed(pointer="/lon", reason="give lon and lat, or neither")
    if district_id is None:
        member = await member_of_account(tx, actor.account_id)
        if member is None:
            raise NotAMember
        district_id = member.district_id
    found = await listing.open_tasks(tx, district_id, now=now, after=after, limit=limit + 1)
    items = [_open(task, region, lon, lat) for task, region in found[:limit]]
    return OpenTaskPage(items=items, next_after=items[-1].id if len(found) > limit else None)


def _open(task: Task, community: Region, lon: float | None, lat: float | None) -> OpenTaskOut:
    # to the community's middle: three distances to her door would tell where she lives
    metres = None if lon is None or lat is None else round(metres_between(lon, lat, community.lon, community.lat))
    return OpenTaskOut(
        **task.model_dump(include=set(OpenTaskOut.model_fields)),
        community_zh=community.name_zh,
        community_en=community.name_en,
        distance_metres=metres,
    )


@get("/v1/tasks/{task_id:uuid}", tags=TAGS, guards=[signed_in], operation_id="showTask")
async def show_task(task_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> TaskOut:
    """One task, for whoever asked for it, may see the elder, or has taken it."""
    return await _shown(tx, platform, await listing.task_for(tx, task_id, actor=actor, now=now), actor)


@post(
    "/v1/tasks/{task_id:uuid}/grab",
    tags=TAGS,
    guards=[requires(*TAKERS)],
    operation_id="grabTask",
    status_code=200,
)
async def grab_task(
    task_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
    data: JSONBody[GrabIn | None] = None,
) -> TaskOut:
    """Take a task, for oneself or for who one acts for: the first gets it and is assigned to its visit."""

    async def work() -> TaskOut:
        member_id = data.member_id if data else None
        rules = platform.policy.timebank
        task = await grabbing.grab(tx, task_id, actor=actor, rules=rules, now=now, member_id=member_id)
        return await _shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


@post(
    "/v1/tasks/{task_id:uuid}/cancel",
    tags=TAGS,
    guards=[requires(*ASKERS)],
    operation_id="cancelTask",
    status_code=200,
)
async def cancel_task(
    task_id: FromPath[UUID],
    data: JSONBody[CancelTaskIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> TaskOut:
    """Call a task off before it begins: the hours go back to their source."""

    async def work() -> TaskOut:
        task = await ending.cancel(tx, task_id, actor=actor, now=now, reason=data.reason)
        return await _shown(tx, platform, task, actor)

    return await once(tx, TaskOut, work)


async def _shown(tx: AsyncSession, platform: Platform, task: Task, actor: Actor) -> TaskOut:
    helps = await listing.grabbed_by(tx, task, actor)
    place = await listing.place_of(tx, task)
    return TaskOut(
        **task.model_dump(include=set(TaskOut.model_fields) - {"source_kind", "source_reason", "warnings"}),
        notes=await _notes(tx, platform, task),
        visit_id=place.visit_id,
        assignment_id=place.assignment_id if helps else None,
        source_kind=None if helps else task.source_kind,
        source_reason=None if helps else task.source_reason,
        warnings=await warnings_for(tx, task) if helps else [],
    )


async def _notes(tx: AsyncSession, platform: Platform, task: Task) -> str | None:
    if task.notes_sealed is None:
        return None
    try:
        return await platform.vault.open(tx, task.elder_id, "task_notes", task.notes_sealed)
    except Erased:  # the elder asked to be forgotten; her tasks stay without her words
        return None


HANDLERS: list[Any] = [publish_task, list_tasks, show_task, grab_task, cancel_task]
