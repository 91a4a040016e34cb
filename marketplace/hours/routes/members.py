"""Members: joining, one's own hours."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Language, Malformed, Unknown
from marketplace.base.platform import Platform
from marketplace.hours.errors import NotADistrict
from marketplace.hours.members import joining, statements
from marketplace.hours.members.finding import member_of_account
from marketplace.hours.members.proxies import seen_member
from marketplace.hours.members.student_schemas import StudentWaitsOut
from marketplace.hours.members.students import sealed_student
from marketplace.hours.members.waiting_students import waiting_of
from marketplace.hours.models import Member
from marketplace.hours.schemas import EntryOut, HoursOut, JoinedOut, MemberIn
from marketplace.people.access import in_reach
from marketplace.people.elders import elder_for
from marketplace.web.authentication import signed_in
from marketplace.web.dependencies import Acting, Doing, Home, Now, Tx
from marketplace.web.problem import language_of

TAGS = ["hours"]
RECENT = 20  # entries shown beside the balance
MANY = 10_000  # of thirty days, from which the newest are taken


@post("/v1/members", tags=TAGS, guards=[signed_in], operation_id="joinTimeBank")
async def join(request: Request[Any, Any, Any], data: JSONBody[MemberIn], act: Doing) -> JoinedOut:
    """Join the time bank, or let an elder or account join as an officer. Joining twice is joining once."""

    async def work() -> JoinedOut:
        member = await _join(act.tx, data, platform=act.platform, actor=act.actor, now=act.now)
        return JoinedOut.joined(member, await _waits(act.tx, member, language_of(request)))

    return await act.once(JoinedOut, work)


async def _waits(tx: AsyncSession, member: Member, language: Language) -> StudentWaitsOut | None:
    waiting = await waiting_of(tx, member)
    return StudentWaitsOut.of(waiting, language) if waiting else None


async def _join(tx: AsyncSession, data: MemberIn, *, platform: Platform, actor: Actor, now: datetime) -> Member:
    rules = platform.policy.timebank
    if data.elder_id is not None:
        if data.account_id is not None:
            raise Malformed(pointer="/account_id", reason="name an elder or an account, not both")
        elder = await elder_for(tx, data.elder_id, actor=actor, now=now)
        by_officer = actor.is_any(Role.OFFICER) and await in_reach(tx, actor, elder.community_id)
        if elder.account_id != actor.account_id and not by_officer:  # she may see her as family alone
            raise Unknown(pointer="/elder_id", what="elder")
        return await joining.join_elder(tx, elder, rules=rules, actor=actor, now=now)
    account_id = data.account_id or actor.account_id
    if account_id is None:
        raise Malformed(pointer="/account_id", reason="name an account or an elder")
    if account_id != actor.account_id:
        if data.district_id is None:
            raise NotADistrict(pointer="/district_id")
        home = await joining.home_of_account(tx, account_id)
        reached = [await in_reach(tx, actor, one) for one in (data.district_id, home) if one is not None]
        if not (actor.is_any(Role.OFFICER) and all(reached)):
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
async def my_hours(
    request: Request[Any, Any, Any],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    member_id: FromQuery[UUID | None] = None,
) -> HoursOut:
    """One's balance in minutes, or that of whom one acts for: what is set aside, and the newest entries in words."""
    member = await _of_whom(tx, member_id, actor=actor, now=now)
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    period = statements.period_of(None, None, now=now)
    recent = await statements.statement_of(
        tx, platform.vault, member, period, actor=actor, language=language_of(request), limit=MANY
    )
    return HoursOut(
        member_id=member.id,
        district_id=member.district_id,
        balance_minutes=balance.posted,
        held_minutes=balance.held,
        available_minutes=balance.available or 0,
        owed_minutes=balance.owed,
        student_waits=await _waits(tx, member, language_of(request)),
        entries=[EntryOut(**asdict(entry)) for entry in reversed(recent.entries[-RECENT:])],
    )


async def _of_whom(tx: AsyncSession, member_id: UUID | None, *, actor: Actor, now: datetime) -> Member:
    if member_id is not None:
        return await seen_member(tx, member_id, actor=actor, now=now)
    own = await member_of_account(tx, actor.account_id)
    if own is None:
        raise Unknown(what="member")
    return own


HANDLERS: list[Any] = [join, my_hours]
