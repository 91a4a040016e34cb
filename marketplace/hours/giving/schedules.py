"""Standing orders: a gift or a donation at an instant, or every so many months by a rule as in RFC 5545.

Each occurrence becomes one order, unique by schedule and instant. What cannot be carried out then is skipped: an order
says why, the giver is told, and the next occurrence tries again.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from dateutil.rrule import rrule, rrulestr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import audit, timers
from marketplace.base.actor import Actor
from marketplace.base.clock import LOCAL
from marketplace.base.errors import DomainError, Unknown
from marketplace.base.policy import Policy
from marketplace.base.states import move
from marketplace.base.timebank_rules import GivingRules
from marketplace.hours.errors import MemberInactive
from marketplace.hours.giving.donations import donate
from marketplace.hours.giving.errors import EndsTooSoon, RuleUnreadable
from marketplace.hours.giving.gifts import Share, give
from marketplace.hours.giving.models import SCHEDULE_STEPS, TransferSchedule
from marketplace.hours.giving.orders import Occurrence, Wish, write
from marketplace.hours.members.errors import DelegationMissing
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, Right, is_family_of, require_right
from marketplace.hours.models import Member

SCHEDULE_DUE = "schedule.due"
LONGEST_RULE = 200


DAYS = {str(sign * day) for day in range(1, 32) for sign in (1, -1)}
WEEKDAY = re.compile(r"(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
# what a monthly rule may say, and how; anything finer or rarer may never come, which takes long to find out
PARTS: dict[str, Callable[[str], bool]] = {
    "FREQ": lambda value: value == "MONTHLY",
    "INTERVAL": lambda value: value in {str(months) for months in range(1, 13)},
    "BYMONTHDAY": lambda value: all(day in DAYS for day in value.split(",")),
    "BYDAY": lambda value: all(WEEKDAY.fullmatch(day) for day in value.split(",")),
    "COUNT": lambda value: value.isdecimal() and 0 < len(value) <= 4,
    "UNTIL": lambda value: value.endswith("Z"),
}


def occurrences(rule: str, starts_at: datetime) -> rrule:
    """The monthly rule, counted from `starts_at` by the city's calendar. `RuleUnreadable` for any other."""
    parts = [part.partition("=") for part in rule.split(";")]
    names = [name for name, _, _ in parts]
    known = len(rule) <= LONGEST_RULE and names[0] == "FREQ" and len(set(names)) == len(names)
    both = {"BYDAY", "BYMONTHDAY"} <= set(names)
    if not known or both or not all(name in PARTS and PARTS[name](value) for name, _, value in parts):
        raise RuleUnreadable(pointer="/rule")
    try:
        found = rrulestr(rule, dtstart=starts_at.astimezone(LOCAL))
    except (ValueError, TypeError, OverflowError) as error:
        raise RuleUnreadable(pointer="/rule") from error
    if not isinstance(found, rrule):  # a set of rules
        raise RuleUnreadable(pointer="/rule")
    return found


def following(schedule: TransferSchedule, after: datetime) -> datetime | None:
    """The next occurrence later than `after`; None after the last."""
    if schedule.rule is None:
        return None
    found: datetime | None = occurrences(schedule.rule, schedule.starts_at).after(after.astimezone(LOCAL))
    return None if found is None else found.astimezone(UTC)


async def schedule(
    tx: AsyncSession,
    acts: Acts,
    kind: str,
    what: dict[str, Any],
    *,
    starts_at: datetime,
    rule: str | None,
    reason: str | None,
    rules: GivingRules,
    actor: Actor,
    now: datetime,
) -> TransferSchedule:
    """A new standing order of the member. Whether it may be given is judged anew at each occurrence.

    `EndsTooSoon`, `RuleUnreadable`.
    """
    if not now < starts_at <= now + timedelta(days=rules.schedule_days):
        raise EndsTooSoon(pointer="/starts_at", longest_days=rules.schedule_days)
    first: datetime | None = starts_at
    if rule is not None:
        first = occurrences(rule, starts_at).after(starts_at.astimezone(LOCAL), inc=True)
    if first is None:
        raise RuleUnreadable(pointer="/rule")
    row = TransferSchedule(
        kind=kind,
        giver_id=acts.member.id,
        asked_by=actor.account_id,
        on_behalf_of=acts.on_behalf_of,
        acted_as=acts.acted_as,
        what=what,
        reason=reason,
        rule=rule,
        starts_at=starts_at,
        next_at=first.astimezone(UTC),
        asked_at=now,
    )
    tx.add(row)
    await tx.flush()
    await timers.set_timer(tx, SCHEDULE_DUE, row.id, first)
    detail = {"kind": kind, "on_behalf_of": str(acts.on_behalf_of) if acts.on_behalf_of else None}
    audit.note(tx, "schedule.made", actor=actor, entity="transfer_schedule", entity_id=row.id, **detail)
    return row


async def due(tx: AsyncSession, schedule_id: UUID, *, policy: Policy, now: datetime) -> None:
    """An occurrence has come: place its order, or write down why not, and arm the next. Repeating changes nothing."""
    row = await _locked(tx, schedule_id)
    if row is None or row.state != "active" or row.next_at is None or row.next_at > now:
        return
    at = row.next_at
    member = await tx.get_one(Member, row.giver_id)
    if member.state == "left":  # before standing orders ended with their giver
        await end_all(tx, [row], actor=Actor.system(), now=now)
        return
    occurrence = Occurrence(row.id, at, row.asked_by)
    try:
        async with tx.begin_nested():
            await _place(tx, row, member, occurrence, policy=policy, now=now)
    except DomainError as refusal:
        wish = Wish(
            kind=row.kind,
            district_id=member.district_id,
            lines=(),
            giver_id=member.id,
            on_behalf_of=row.on_behalf_of,
            acted_as=_acts(row, member).acted_as,
            reason=f"{refusal.code}: {refusal.sentence('zh')}",
            occurrence=occurrence,
        )
        await write(tx, wish, "skipped", policy=policy, actor=Actor.system(), now=now)
    await _arm_next(tx, row, following(row, at), now=now)


async def _place(
    tx: AsyncSession, row: TransferSchedule, member: Member, occurrence: Occurrence, *, policy: Policy, now: datetime
) -> None:
    if member.state != "active":
        raise MemberInactive(state=member.state)
    acts = _acts(row, member)
    if acts.by == "family":
        await _require_delegated(tx, row, member, now=now)
    given: dict[str, Any] = {"reason": row.reason, "policy": policy, "actor": Actor.system(), "now": now}
    if row.kind == "gift":
        shares = [Share(UUID(one["member_id"]), one["minutes"]) for one in row.what["to"]]
        await give(tx, acts, shares, occurrence=occurrence, **given)
        return
    names = ("elder_id", "member_id", "district_id")
    named: dict[str, Any] = {name: UUID(row.what[name]) for name in names if row.what.get(name)}
    await donate(tx, acts, row.what["to"], row.what["minutes"], occurrence=occurrence, **named, **given)


def _acts(row: TransferSchedule, member: Member) -> Acts:
    return Acts(member, cast("Right", row.acted_as or "self"))


async def _require_delegated(tx: AsyncSession, row: TransferSchedule, member: Member, *, now: datetime) -> None:
    """`DelegationMissing` once the elder's grant to the one of her family who asked has ended."""
    asker = Actor(row.asked_by, frozenset())
    if row.asked_by is None or not await is_family_of(tx, member.elder_id, scope="pay", actor=asker, now=now):
        raise DelegationMissing(scope="pay")


async def _arm_next(tx: AsyncSession, row: TransferSchedule, at: datetime | None, *, now: datetime) -> None:
    row.next_at = at
    if at is None:
        await move(tx, row, "ended", SCHEDULE_STEPS, actor=Actor.system(), now=now, reason="the last occurrence")
        return
    await tx.flush()
    await timers.set_timer(tx, SCHEDULE_DUE, row.id, at)


async def steer(
    tx: AsyncSession, schedule_id: UUID, to: str, *, actor: Actor, now: datetime, reason: str | None = None
) -> TransferSchedule:
    """Pause, resume or end a schedule: its giver, who acts for her, or an officer of her branch.

    `Unknown`, `DelegationMissing`, `IllegalTransition`. What fell due while it was paused is not made up for.
    """
    row = await _locked(tx, schedule_id)
    if row is None:
        raise Unknown(what="schedule")
    acts = await _over(tx, row, actor=actor, now=now)
    if to == "active" and row.next_at is not None and row.next_at <= now:
        row.next_at = following(row, now)
        to = "active" if row.next_at else "ended"
    if to == "ended":
        row.next_at = None
    await move(tx, row, to, SCHEDULE_STEPS, actor=actor, now=now, reason=reason, on_behalf_of=row.on_behalf_of)
    await timers.drop_timer(tx, SCHEDULE_DUE, row.id)
    if to == "active" and row.next_at is not None:
        await timers.set_timer(tx, SCHEDULE_DUE, row.id, row.next_at)
    audit.note(tx, f"schedule.{to}", actor=actor, entity="transfer_schedule", entity_id=row.id)
    await tell_member(tx, acts, "schedule", actor=actor)
    return row


async def _over(tx: AsyncSession, row: TransferSchedule, *, actor: Actor, now: datetime) -> Acts:
    """The giver, and the right by which the actor steers what she gives."""
    giver = await tx.get_one(Member, row.giver_id)
    return Acts(giver, await require_right(tx, giver, scope="pay", what="schedule", actor=actor, now=now))


async def schedules_of(tx: AsyncSession, member_id: UUID) -> list[TransferSchedule]:
    """A member's schedules, newest first."""
    query = select(TransferSchedule).where(col(TransferSchedule.giver_id) == member_id)
    return list(await tx.scalars(query.order_by(col(TransferSchedule.id).desc()).limit(200)))


async def end_all(tx: AsyncSession, live: Sequence[TransferSchedule], *, actor: Actor, now: datetime) -> None:
    """The giver of these locked schedules is gone: nothing is given in her name any more."""
    for row in live:
        row.next_at = None
        await move(tx, row, "ended", SCHEDULE_STEPS, actor=actor, now=now, reason="the membership ended")
        await timers.drop_timer(tx, SCHEDULE_DUE, row.id)


async def _locked(tx: AsyncSession, schedule_id: UUID) -> TransferSchedule | None:
    query = select(TransferSchedule).where(col(TransferSchedule.id) == schedule_id).with_for_update()
    return await tx.scalar(query.execution_options(populate_existing=True))
