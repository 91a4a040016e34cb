"""Tasks: asking for help, finding a task, taking it, answering, giving it back, calling it off."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.base.errors import Malformed
from marketplace.hours.errors import NotAMember
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.members.proxies import acting_member
from marketplace.hours.models import Task
from marketplace.hours.routes.showing import shown, shown_page
from marketplace.hours.schemas import (
    CancelTaskIn,
    GrabIn,
    OpenTaskOut,
    OpenTaskPage,
    TaskIn,
    TaskOut,
    TaskPage,
    WhyIn,
)
from marketplace.hours.tasks import answering, ending, giving_back, grabbing, listing
from marketplace.hours.tasks.publishing import Ask, Call, publish
from marketplace.people.models import Region
from marketplace.visits.attendance.evidence import metres_between
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Doing, Home, Now, Tx

TAGS = ["tasks"]
ASKERS = (Role.ELDER, Role.FAMILY, Role.OFFICER)
TAKERS = (Role.VOLUNTEER, Role.FAMILY, Role.ELDER)  # a minor's guardian takes tasks for her
OF_A_CALL = frozenset({"channel", "caller", "consent", "consent_reference"})
Degrees = Annotated[float | None, QueryParameter(ge=-180, le=180)]
Limit = FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]]
# acts on what exists already are answered 200
answer = partial(post, tags=TAGS, guards=[requires(*TAKERS)], status_code=200)


@post("/v1/tasks", tags=TAGS, guards=[requires(*ASKERS)], operation_id="publishTask")
async def publish_task(data: JSONBody[TaskIn], act: Doing) -> TaskOut:
    """Ask volunteers for help. The hours are set aside at once; without a source nothing is published.

    What came by telephone, or by whatever channel the city reviews, is submitted first, and nothing is set aside.
    """

    async def work() -> TaskOut:
        call = Call(**data.model_dump(include=set(OF_A_CALL)))
        ask = Ask(**data.model_dump(exclude=set(OF_A_CALL)), call=call)
        task = await publish(act.tx, act.platform.vault, ask, policy=act.platform.policy, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@get("/v1/tasks", tags=TAGS, guards=[requires(Role.VOLUNTEER, Role.OFFICER)], operation_id="listTasks")
async def list_tasks(
    tx: Tx,
    actor: Acting,
    now: Now,
    district_id: FromQuery[UUID | None] = None,
    lon: FromQuery[Degrees] = None,
    lat: FromQuery[Annotated[float | None, QueryParameter(ge=-90, le=90)]] = None,
    after: FromQuery[UUID | None] = None,
    limit: Limit = 50,
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


@get("/v1/me/tasks", tags=TAGS, guards=[signed_in], operation_id="myTasks")
async def my_tasks(
    tx: Tx,
    actor: Acting,
    platform: Home,
    member_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> TaskPage:
    """What one has taken, newest first, or a minor one answers for, or a group whose contact one is."""
    member = await acting_member(tx, actor, member_id)
    found = await listing.tasks_of(tx, member.id, after=after, limit=limit + 1)
    return await shown_page(tx, platform, found, actor, limit)


@get("/v1/tasks/{task_id:uuid}", tags=TAGS, guards=[signed_in], operation_id="showTask")
async def show_task(task_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home) -> TaskOut:
    """One task, for whoever asked for it, may see the elder, or has taken it."""
    return await shown(tx, platform, await listing.task_for(tx, task_id, actor=actor, now=now), actor)


@answer("/v1/tasks/{task_id:uuid}/grab", operation_id="grabTask")
async def grab_task(
    task_id: FromPath[UUID],
    act: Doing,
    data: JSONBody[GrabIn | None] = None,
) -> TaskOut:
    """Take a task, for oneself or for who one acts for: the first gets it and is assigned to its visit.

    A minor's grab reserves the task until the guardian accepts it for her.
    """

    async def work() -> TaskOut:
        member_id = data.member_id if data else None
        rules = act.platform.policy.timebank
        task = await grabbing.grab(act.tx, task_id, actor=act.actor, rules=rules, now=act.now, member_id=member_id)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@answer("/v1/tasks/{task_id:uuid}/accept", operation_id="acceptTask")
async def accept_task(task_id: FromPath[UUID], act: Doing) -> TaskOut:
    """Say yes to a reserved task: a guardian for a minor, or the volunteer to whom it was dispatched."""

    async def work() -> TaskOut:
        rules = act.platform.policy.timebank
        task = await answering.accept(act.tx, task_id, rules=rules, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@answer("/v1/tasks/{task_id:uuid}/decline", operation_id="declineTask")
async def decline_task(
    task_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> TaskOut:
    """Say no to a reserved task: it is open to others again."""

    async def work() -> TaskOut:
        task = await answering.decline(act.tx, task_id, reason=data.reason, actor=act.actor, now=act.now)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


@answer("/v1/tasks/{task_id:uuid}/give-back", operation_id="giveBackTask")
async def give_back_task(
    task_id: FromPath[UUID],
    data: JSONBody[WhyIn],
    act: Doing,
) -> TaskOut:
    """Give a task back before it begins: it is published again."""

    async def work() -> TaskOut:
        task = await giving_back.give_back(act.tx, task_id, actor=act.actor, now=act.now, reason=data.reason)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


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
    act: Doing,
) -> TaskOut:
    """Call a task off before it begins: the hours go back to their source."""

    async def work() -> TaskOut:
        task = await ending.cancel(act.tx, task_id, actor=act.actor, now=act.now, reason=data.reason, whole=data.whole)
        return await shown(act.tx, act.platform, task, act.actor)

    return await act.once(TaskOut, work)


HANDLERS: list[Any] = [
    publish_task,
    list_tasks,
    my_tasks,
    show_task,
    grab_task,
    accept_task,
    decline_task,
    give_back_task,
    cancel_task,
]
