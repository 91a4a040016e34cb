"""Beginning something for a member: whom it is about, how much, when; then what will happen, in words.

It is one form of fields in its own address. Its last step is a button that calls the API, as on every page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import LOCAL
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.console.bank.counter.acts import (
    PEOPLE,
    Call,
    Name,
    call_of,
    choice_of,
    days_of,
    lacks,
    offered,
    ways_of,
)
from marketplace.console.bank.counter.filled import Filled, filled
from marketplace.console.bank.counter.room import room_of
from marketplace.console.bank.counter.trying import Trial, tried
from marketplace.console.bank.frame import Asked, asked_but, framed, opened
from marketplace.console.bank.naming import Reader, names_for
from marketplace.console.rendering import language
from marketplace.hours.giving.schedules import occurrences
from marketplace.hours.giving.schemas import ScheduleOut
from marketplace.hours.members.proxies import member_for
from marketplace.hours.members.searching import Hits, search
from marketplace.hours.models import Member
from marketplace.web.dependencies import Home, Now, Tx

NEXT = 4  # days of a standing order shown
PROOFS = ("will", "household_register", "notary", "court")
EVERY = (1, 2, 3, 6, 12)  # months


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the confirmation says: the call and its trial, the days on which a standing order falls, and what today
    would refuse of it. `key` makes pressing twice, or again after a lost answer, the same as once."""

    call: Call
    trial: Trial
    key: UUID
    days: Sequence[date] = ()
    today: Trial | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What is begun, in which ways it may be, what is filled in so far, and what that still lacks."""

    name: Name
    ways: tuple[str, ...]
    form: Filled
    missing: Sequence[str]


def _begun(name: str, member: Member, rules: TimeBankRules, request: Asked) -> Begun:
    """`Unknown` for what cannot be begun for this member under these rules; what `filled` refuses."""
    for one in offered(member, rules):
        if one == name:
            ways = ways_of(one, member, rules)
            form = filled(request.query_params, ways)
            return Begun(one, ways, form, lacks(one, form) if form.going else [])
    raise Unknown(what="act")


@get("/console/members/{member_id:uuid}/begin/{name:str}", include_in_schema=False)
async def show_begin(
    request: Asked, member_id: FromPath[UUID], name: FromPath[str], tx: Tx, now: Now, platform: Home
) -> Response[str]:
    """A form for one member, or the confirmation of what is filled in; the look at her hours is noted."""
    visitor = await opened(request, platform, "members")
    rules = platform.policy.timebank
    member = await member_for(tx, member_id, actor=visitor.actor)
    begun = _begun(name, member, rules, request)
    form, confirmed = begun.form, None
    if form.going and not begun.missing:
        confirmed = await _confirmed(tx, begun.name, form, member, platform=platform, actor=visitor.actor, now=now)
        member = await member_for(tx, member_id, actor=visitor.actor)  # the trial may have expired what was read
    audit.note(tx, "member.read", actor=visitor.actor, entity="member", entity_id=member.id)
    hits = Hits()
    if form.way in PEOPLE:
        choice = choice_of(form, member, rules)
        hits = await search(tx, platform.vault, form.text, choice, actor=visitor.actor, now=now)
    address = f"/console/members/{member.id}/begin/{begun.name}"
    reader = Reader(visitor.actor, now, language(request))
    ids = {member.id, *form.chosen, *(hit.member.id for hit in hits.found)}
    return framed(
        request,
        "begin.html",
        visitor,
        "members",
        member=member,
        name=begun.name,
        ways=begun.ways,
        form=form,
        missing=begun.missing,
        people=form.way in PEOPLE,
        hits=hits,
        confirmed=confirmed,
        room=await room_of(tx, member, rules=rules, now=now),
        names=await names_for(tx, ids, (), reader),
        rules=rules.giving,
        days=days_of(begun.name, rules, now=now),
        address=address,
        change=f"{address}?{urlencode(asked_but(request, 'step', 'q', 'pick'))}",
        proofs=PROOFS,
        every=EVERY,
    )


async def _confirmed(
    tx: AsyncSession, name: Name, form: Filled, member: Member, *, platform: Platform, actor: Actor, now: datetime
) -> Confirmed:
    who: dict[str, Any] = {"platform": platform, "actor": actor, "now": now}
    call = call_of(name, form, member)
    trial = await tried(tx, call, **who)
    if trial.schedule is None:
        return Confirmed(call, trial, new_id())
    today = await tried(tx, call_of("give", form, member), **who)
    return Confirmed(call, trial, new_id(), _days(trial.schedule), today)


def _days(standing: ScheduleOut) -> list[date]:
    """The first days on which it falls."""
    starts_at = standing.starts_at.astimezone(LOCAL)
    if standing.rule is None:
        return [starts_at.date()]
    return [at.date() for at in islice(occurrences(standing.rule, starts_at), NEXT)]


HANDLERS: list[Any] = [show_begin]
