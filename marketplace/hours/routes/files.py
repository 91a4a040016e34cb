"""A member's file: groups, guardians, trainings, insurance, and leaving."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.base.errors import Unknown
from marketplace.hours.giving import leaving
from marketplace.hours.members import groups, guardians
from marketplace.hours.members.files import file_of, insurance_shown
from marketplace.hours.members.finding import overseen_members
from marketplace.hours.members.proxies import member_for, members_of, overseen_member, seen_member
from marketplace.hours.members.records.insurance import Policy, record_insurance
from marketplace.hours.members.records.training import Passed, record_training
from marketplace.hours.members.schemas import (
    ConsentIn,
    GroupIn,
    InsuranceIn,
    InsuranceOut,
    LeaveIn,
    LeaveOut,
    MemberFileOut,
    MemberPage,
    TrainingIn,
    TrainingOut,
)
from marketplace.hours.schemas import MemberOut, MemberState
from marketplace.people.access import in_reach
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Doing, Home, Now, Tx
from marketplace.web.problem import language_of

TAGS = ["hours"]
OfState = Annotated[MemberState | None, QueryParameter(name="state")]
# acts on what exists already are answered 200
change = partial(post, tags=TAGS, guards=[signed_in], status_code=200)


@post("/v1/groups", tags=TAGS, guards=[requires(Role.VOLUNTEER, Role.OFFICER)], operation_id="foundGroup")
async def found_group(data: JSONBody[GroupIn], act: Doing) -> MemberOut:
    """Let a group join: it takes group tasks with several people, and gives its hours away."""

    async def work() -> MemberOut:
        contact_id = data.contact_id or act.actor.account_id
        by_officer = act.actor.is_any(Role.OFFICER) and await in_reach(act.tx, act.actor, data.district_id)
        if contact_id is None or (contact_id != act.actor.account_id and not by_officer):
            raise Unknown(pointer="/contact_id", what="account")
        group = groups.Group(**{**data.model_dump(), "contact_id": contact_id})
        return MemberOut.of(await groups.found_group(act.tx, group, actor=act.actor, now=act.now))

    return await act.once(MemberOut, work)


@get("/v1/me/members", tags=TAGS, guards=[signed_in], operation_id="myMembers")
async def my_members(tx: Tx, actor: Acting, now: Now) -> MemberPage:
    """Whom one acts for: oneself, the minors one answers for, the groups whose contact one is, elders who let one."""
    return MemberPage(items=[MemberOut.of(one) for one in await members_of(tx, actor, now=now)], next_after=None)


@get("/v1/members", tags=TAGS, guards=[requires(Role.OFFICER, Role.OPERATOR)], operation_id="listMembers")
async def list_members(
    tx: Tx,
    actor: Acting,
    of_state: OfState = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> MemberPage:
    """Members of the branches within one's reach."""
    found = await overseen_members(tx, actor=actor, state=of_state, after=after, limit=limit + 1)
    items = [MemberOut.of(member) for member in found[:limit]]
    return MemberPage(items=items, next_after=items[-1].id if len(found) > limit else None)


@get("/v1/members/{member_id:uuid}", tags=TAGS, guards=[signed_in], operation_id="memberFile")
async def member_file(
    request: Request[Any, Any, Any], member_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home
) -> MemberFileOut:
    """A member's file with stars and counters, for the member, who may act for her or see her, and officers."""
    member = await seen_member(tx, member_id, actor=actor, now=now)
    rules, language = platform.policy.timebank, language_of(request)
    return await file_of(tx, platform.vault, member, rules=rules, actor=actor, language=language)


@change("/v1/members/{member_id:uuid}/consent", operation_id="consentToMinor")
async def consent(
    member_id: FromPath[UUID],
    data: JSONBody[ConsentIn],
    act: Doing,
) -> MemberOut:
    """A guardian consents to a minor's membership, or takes the consent back."""

    async def work() -> MemberOut:
        rules = act.platform.policy.timebank.sanctions
        found = await guardians.consent(
            act.tx, member_id, consents=data.consents, rules=rules, actor=act.actor, now=act.now
        )
        return MemberOut.of(found)

    return await act.once(MemberOut, work)


@post(
    "/v1/members/{member_id:uuid}/trainings",
    tags=TAGS,
    guards=[requires(Role.OFFICER)],
    operation_id="recordTraining",
)
async def add_training(member_id: FromPath[UUID], data: JSONBody[TrainingIn], act: Doing) -> TrainingOut:
    """An officer of the branch records that a member passed a training. The same one twice is one."""

    async def work() -> TrainingOut:
        member = await overseen_member(act.tx, member_id, actor=act.actor)
        passed = Passed(**data.model_dump())
        return TrainingOut.of(await record_training(act.tx, member, passed, actor=act.actor, now=act.now))

    return await act.once(TrainingOut, work)


@post("/v1/members/{member_id:uuid}/insurance", tags=TAGS, guards=[signed_in], operation_id="recordInsurance")
async def add_insurance(
    member_id: FromPath[UUID],
    data: JSONBody[InsuranceIn],
    act: Doing,
) -> InsuranceOut:
    """Record a volunteer's insurance. One from the same day on takes the place of the one before."""

    async def work() -> InsuranceOut:
        member = await member_for(act.tx, member_id, actor=act.actor)
        policy = Policy(**data.model_dump())
        insured = await record_insurance(act.tx, act.platform.vault, member, policy, actor=act.actor, now=act.now)
        return await insurance_shown(act.tx, act.platform.vault, member, insured)

    return await act.once(InsuranceOut, work)


@change("/v1/members/{member_id:uuid}/leave", operation_id="leaveTimeBank")
async def leave(member_id: FromPath[UUID], data: JSONBody[LeaveIn], act: Doing) -> LeaveOut:
    """End a membership. Open tasks are given back; an account that is not empty is refused, with what it holds.

    More than one person may give away waits as an order (`waits_for`) until another officer agrees; she is a member
    until then."""

    async def work() -> LeaveOut:
        going = leaving.Going(data.balance_to, data.reason)
        member, order = await leaving.leave(
            act.tx, member_id, going, policy=act.platform.policy, actor=act.actor, now=act.now
        )
        return LeaveOut(**MemberOut.of(member).model_dump(), waits_for=order and order.id)

    return await act.once(LeaveOut, work)


HANDLERS: list[Any] = [
    found_group,
    my_members,
    list_members,
    member_file,
    consent,
    add_training,
    add_insurance,
    leave,
]
