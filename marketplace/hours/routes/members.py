"""Members: joining, one's own hours, statements."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Malformed, Unknown
from marketplace.base.platform import Platform
from marketplace.hours.errors import NotADistrict
from marketplace.hours.members import joining, statements
from marketplace.hours.members.finding import member_for, member_of_account
from marketplace.hours.members.students import sealed_student
from marketplace.hours.models import Member
from marketplace.hours.schemas import EntryOut, HoursOut, MemberIn, MemberOut, StatementOut
from marketplace.people.access import in_reach
from marketplace.people.elders import elder_for
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx
from marketplace.web.problem import language_of

TAGS = ["hours"]
RECENT = 20  # entries shown beside the balance


@post("/v1/members", tags=TAGS, guards=[signed_in], operation_id="joinTimeBank")
async def join(data: JSONBody[MemberIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven) -> MemberOut:
    """Join the time bank, or let an elder or account join as an officer. Joining twice is joining once."""

    async def work() -> MemberOut:
        return MemberOut.of(await _join(tx, data, platform=platform, actor=actor, now=now))

    return await once(tx, MemberOut, work)


async def _join(tx: AsyncSession, data: MemberIn, *, platform: Platform, actor: Actor, now: datetime) -> Member:
    rules = platform.policy.timebank
    if data.elder_id is not None:
        if data.account_id is not None:
            raise Malformed(pointer="/account_id", reason="name an elder or an account, not both")
        elder = await elder_for(tx, data.elder_id, actor=actor, now=now)
        if elder.account_id != actor.account_id and not actor.is_any(Role.OFFICER):
            raise Unknown(pointer="/elder_id", what="elder")
        return await joining.join_elder(tx, elder, rules=rules, actor=actor, now=now)
    account_id = data.account_id or actor.account_id
    if account_id is None:
        raise Malformed(pointer="/account_id", reason="name an account or an elder")
    if account_id != actor.account_id:
        if data.district_id is None:
            raise NotADistrict(pointer="/district_id")
        if not (actor.is_any(Role.OFFICER) and await in_reach(tx, actor, data.district_id)):
            raise Unknown(pointer="/account_id", what="account")
    attending = joining.Attending(data.gender, data.mode, data.skills, data.birth_on)
    student = (
        await sealed_student(tx, platform.vault, account_id, school=data.student.school, number=data.student.number)
        if data.student
        else None
    )
    return await joining.join(
        tx,
        account_id,
        district_id=data.district_id,
        rules=rules,
        actor=actor,
        now=now,
        attending=attending,
        guardian_id=data.guardian_id,
        student=student,
    )


@get("/v1/me/hours", tags=TAGS, guards=[signed_in], operation_id="myHours")
async def my_hours(request: Request[Any, Any, Any], tx: Tx, actor: Acting, now: Now) -> HoursOut:
    """One's balance in minutes, what of it is set aside, and the newest entries in words."""
    member = await member_of_account(tx, actor.account_id)
    if member is None:
        raise Unknown(what="member")
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    recent = await statements.statement_of(
        tx, member, since=None, until=None, actor=actor, language=language_of(request), now=now
    )
    return HoursOut(
        member_id=member.id,
        district_id=member.district_id,
        balance_minutes=balance.posted,
        held_minutes=balance.held,
        available_minutes=balance.available or 0,
        owed_minutes=balance.owed,
        entries=[EntryOut(**asdict(entry)) for entry in reversed(recent.entries[-RECENT:])],
    )


@get(
    "/v1/members/{member_id:uuid}/statement",
    tags=TAGS,
    guards=[requires()],
    operation_id="memberStatement",
)
async def statement(
    request: Request[Any, Any, Any],
    member_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    now: Now,
    since: FromQuery[Annotated[date | None, QueryParameter(name="from")]] = None,
    until: FromQuery[Annotated[date | None, QueryParameter(name="to")]] = None,
) -> Response[Any]:
    """What occurred from one day to another, both inclusive; as CSV with `Accept: text/csv`."""
    member = await member_for(tx, member_id, actor=actor)
    found = await statements.statement_of(
        tx, member, since=since, until=until, actor=actor, language=language_of(request), now=now
    )
    if "text/csv" in request.headers.get("accept", ""):
        name = f"hours-{found.since}-{found.until}.csv"
        return Response(
            statements.as_csv(found),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    return Response(StatementOut.model_validate(asdict(found)))


HANDLERS: list[Any] = [join, my_hours, statement]
