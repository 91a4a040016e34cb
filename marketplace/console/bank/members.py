"""A branch's members, and one member's file: her hours, what she gave, what waits, and what may be done for her."""

from collections import deque
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base.actor import Role
from marketplace.base.platform import Platform
from marketplace.console.bank.branch_page import open_branch
from marketplace.console.bank.counter.acts import offered
from marketplace.console.bank.frame import Asked, framed, opened
from marketplace.console.bank.giving.reading import accounts_in, kinds_in, members_in, scheduled, shown_order
from marketplace.console.bank.naming import Reader, names_for
from marketplace.console.rendering import language
from marketplace.hours.giving.listing import orders_for
from marketplace.hours.giving.schedules import schedules_of
from marketplace.hours.members import statements
from marketplace.hours.members.files import file_of
from marketplace.hours.members.finding import overseen_members
from marketplace.hours.members.proxies import member_for
from marketplace.hours.members.searching import Choice, search
from marketplace.hours.members.student_changes import number_in
from marketplace.hours.members.student_schemas import PROOFS_OF_STUDENTS
from marketplace.hours.members.waiting_students import waiting_of, waiting_students
from marketplace.hours.models import Member
from marketplace.web.dependencies import Home, Now, Tx

PER_PAGE = 50
RECENT = 20  # entries and orders shown
MEMBER_KINDS = ("individual", "minor", "student", "elder", "group", "provider")


@get("/console/members", include_in_schema=False)
async def show_members(
    request: Asked,
    tx: Tx,
    now: Now,
    platform: Home,
    district: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    after: FromQuery[UUID | None] = None,
    q: FromQuery[str] = "",
) -> Response[str]:
    """A branch's members by when they joined, of one kind on demand; or whom a search finds."""
    page = await open_branch(request, tx, platform, "members", district, now=now)
    actor, reader, here = page.actor, page.reader, page.here
    of_kind_ = kind if kind in MEMBER_KINDS else None
    found = await overseen_members(tx, actor=actor, district_id=here.id, kind=of_kind_, after=after, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    hits = await search(tx, platform.vault, q, Choice(), actor=actor, now=now)
    ids = {one.id for one in shown} | {one.guardian_id for one in shown if one.guardian_id}
    ids |= {hit.member.id for hit in hits.found}
    return page.framed(
        "members.html",
        members=shown,
        names=await names_for(tx, ids, (), reader),
        q=q,
        hits=hits,
        students=actor.is_any(Role.OFFICER) and await waiting_students(tx, actor=actor, district_id=here.id, limit=1),
        near={one.id for one in page.branches},
        kinds=MEMBER_KINDS,
        kind=of_kind_,
        next_after=shown[-1].id if len(found) > PER_PAGE else None,
    )


@get("/console/members/{member_id:uuid}", include_in_schema=False)
async def show_member(request: Asked, member_id: FromPath[UUID], tx: Tx, now: Now, platform: Home) -> Response[str]:
    """One member's file; the look is noted, as over the API."""
    visitor = await opened(request, platform, "members")
    actor = visitor.actor
    member = await member_for(tx, member_id, actor=actor)
    rules = platform.policy.timebank
    file = await file_of(tx, platform.vault, member, rules=rules, actor=actor, language=language(request))
    orders = await orders_for(tx, actor=actor, now=now, state=None, member_id=member.id, after=None, limit=RECENT)
    standing = await schedules_of(tx, member.id)
    waiting = await waiting_of(tx, member)
    ids = members_in(orders, standing) | {member.id} | ({member.guardian_id} if member.guardian_id else set())
    accounts = accounts_in(orders) | ({member.contact_id} if member.contact_id else set())
    reader = Reader(actor, now, language(request))
    names = await names_for(tx, ids, accounts, reader)
    return framed(
        request,
        "member.html",
        visitor,
        "members",
        member=member,
        file=file,
        balance=await timebank.balance(tx, member.ledger_account, now=now),
        recent=await _recent(request, tx, platform, member),
        orders=[shown_order(one, names, reader, rules.giving, file=member.id) for one in orders],
        standing=[(row, scheduled(row)) for row in standing if row.state != "ended"],
        names=names,
        kinds=kinds_in(reader),
        rules=rules,
        begin=offered(member, rules),
        waiting=waiting,
        waiting_number=await number_in(tx, platform.vault, member, waiting.number_sealed) if waiting else None,
        proofs=PROOFS_OF_STUDENTS,
        confirms=actor.is_any(Role.OFFICER),
        me=actor.account_id,
    )


async def _recent(request: Asked, tx: AsyncSession, platform: Platform, member: Member) -> list[statements.Entry]:
    """The newest entries of the last thirty days, in words."""
    period = statements.period_of(None, None, now=platform.now())
    entries: deque[statements.Entry] = deque(maxlen=RECENT)
    async for portion in statements.stream_entries(tx, platform.vault, member, period, language(request)):
        entries.extend(portion)
    return list(entries)[::-1]


HANDLERS: list[Any] = [show_members, show_member]
