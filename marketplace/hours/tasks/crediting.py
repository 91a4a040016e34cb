"""Crediting: an approved visit turns the minutes that its task holds into minutes of the volunteer.

Verified are the full minutes between check-in and check-out, at most those agreed, times the people of a group; a
priced kind counts its price. What passes the volunteer's caps of the day or of her balance goes to the pool of her
choice in the same entry. Her member row is locked, so that two credits of hers cannot both see the same room.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base.actor import Actor
from marketplace.base.audit import Transition
from marketplace.base.clock import local_day
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import excess_account
from marketplace.hours.members.excess import chosen_pool
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.ending import miss
from marketplace.hours.tasks.taking import locked_task
from marketplace.people.models import Elder
from marketplace.visits.attendance.approval import CONFIRMED
from marketplace.visits.models import Assignment, CheckEvent, Visit
from marketplace.visits.service import mark_settled, visits_of
from timebank import Capture, Command, Post, Release, Transfer

CREDIT = "task"  # the kind of entry by which a task's minutes move


@dataclass(frozen=True, slots=True)
class Served:
    """How long the volunteer helped, who says so, and when it ended."""

    minutes: int
    by: str
    at: datetime


async def follow_visit(tx: AsyncSession, task_id: UUID, *, rules: TimeBankRules, now: datetime) -> None:
    """Credit or release a grabbed task as its visit stands now; repeating it changes nothing.

    A disputed task whose visit an officer approved all the same is credited in full: that decides the dispute.
    """
    task = await locked_task(tx, task_id)
    for visit in await visits_of(tx, "task", task.id):
        if visit.state == "missed":
            await miss(tx, task, rules=rules.sanctions, now=now)
        elif visit.state == "approved" and task.state in {"grabbed", "disputed"}:
            served, by = await served_on(tx, task, visit, now=now), await confirmer(tx, visit)
            await credit(tx, task, served, confirmed_by=by.kind, rules=rules, now=now)
            if by.kind == "family":
                elder = await tx.get_one(Elder, task.elder_id)  # visible: the task's own elder is told
                await tell_elder(tx, elder, "task_confirmed", actor=Actor(by.account_id, frozenset()))


async def credit(
    tx: AsyncSession, task: Task, served: Served, *, confirmed_by: str, rules: TimeBankRules, now: datetime
) -> None:
    """Pay the locked task's volunteer what was served; the visit is approved already."""
    await mark_settled(tx, "task", task.id, actor=Actor.system(), now=now)
    member = await locked_member(tx, task.member_id)
    day = local_day(served.at)
    room = await _room(tx, member, day, rules=rules, now=now)
    task.served_on = day
    task.minutes_by = served.by
    task.confirmed_by = confirmed_by
    task.verified_minutes = served.minutes
    task.credited_minutes = min(served.minutes, room)
    task.excess_minutes = served.minutes - task.credited_minutes
    pool = excess_account(member.district_id, chosen_pool(member, rules))
    task.excess_account = pool if task.excess_minutes else None
    await move(tx, task, "credited", TASK_STEPS, actor=Actor.system(), now=now)
    await timebank.apply(tx, credit_commands(task, member.ledger_account, pool, at=served.at), now=now)


def credit_commands(task: Task, volunteer: UUID, pool: UUID, *, at: datetime) -> list[Command]:
    """What the ledger is told: one entry for what moves, the rest of the hold is free again.

    Excess of minutes that came from that same pool simply stays there.
    """
    credited, excess = task.credited_minutes or 0, task.excess_minutes or 0
    moves = {volunteer: credited, pool: 0 if pool == task.source_account else excess}
    paid = [(account, minutes) for account, minutes in moves.items() if minutes > 0]
    key, source = f"{task.reference}:credit", task.payer
    if len(paid) == 1:
        ((account, minutes),) = paid
        return [
            Capture(
                key=key,
                hold_key=task.hold_key,
                destination=account,
                amount=minutes,
                occurred_at=at,
                reference=task.reference,
                kind=CREDIT,
            )
        ]
    release = Release(key=f"{task.hold_key}:release", hold_key=task.hold_key)
    if not paid:
        return [release]
    # a capture has one destination: free the hold and post both parts, under the locks of one call
    transfers = tuple(Transfer(source, account, minutes) for account, minutes in paid)
    return [release, Post(key=key, transfers=transfers, kind=CREDIT, reference=task.reference, occurred_at=at)]


async def _room(tx: AsyncSession, member: Member, day: date, *, rules: TimeBankRules, now: datetime) -> int:
    earned = await tx.scalar(
        select(func.coalesce(func.sum(col(Task.credited_minutes)), 0)).where(
            col(Task.member_id) == member.id, col(Task.served_on) == day, col(Task.state) == "credited"
        )
    )
    balance = await timebank.balance(tx, member.ledger_account, now=now)
    room_today = rules.day_cap_minutes * (member.size or 1) - int(earned or 0)  # the cap is a person's
    room_in_balance = room_today if balance.cap is None else balance.cap - balance.posted
    return max(0, min(room_today, room_in_balance))


async def served_on(tx: AsyncSession, task: Task, visit: Visit, *, now: datetime) -> Served:
    """What the evidence of the visit says, in minutes that count."""
    query = (
        select(CheckEvent)
        .join(Assignment, col(Assignment.id) == col(CheckEvent.assignment_id))
        .where(col(Assignment.visit_id) == visit.id, col(Assignment.state) != "withdrawn")
    )
    events = {event.kind: event for event in await tx.scalars(query)}
    came, went = events.get("in"), events.get("out")
    if came is None or went is None:
        # without both reports only an officer approves, with a reason: that vouches for what was agreed
        return Served(task.worth_minutes, "officer", min(visit.window_start, now))
    # a device's clock may be some minutes ahead; an entry never occurs later than it was told
    at = min(went.device_at, went.received_at)
    if task.priced:
        return Served(task.worth_minutes, "item", at)
    spent = int((went.device_at - came.device_at).total_seconds()) // 60
    return Served(min(task.minutes, max(0, spent)) * task.people, "evidence", at)


@dataclass(frozen=True, slots=True)
class Confirmer:
    """Who approved a visit: `elder`, `family`, an `officer`, or the `site` when nobody had said a word in time."""

    kind: str
    account_id: UUID | None = None


async def confirmer(tx: AsyncSession, visit: Visit) -> Confirmer:
    """Who approved the visit, by the log of its states."""
    query = select(Transition).where(col(Transition.entity_id) == visit.id, col(Transition.to_state) == "approved")
    step = (await tx.scalars(query)).one_or_none()
    if step is None or step.actor_id is None:
        return Confirmer("site")
    if step.reason != CONFIRMED:
        return Confirmer("officer", step.actor_id)
    own = col(Elder.id) == visit.elder_id, col(Elder.account_id) == step.actor_id
    elder = await tx.scalar(select(col(Elder.id)).where(*own))  # visible: the task's own elder, id unused
    return Confirmer("family" if elder is None else "elder", step.actor_id)
