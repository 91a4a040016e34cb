"""Disputes: the elder or her family contests what was done; an officer decides full, part or nothing.

Until then the minutes stay held. The decision is one entry at most: the hold is captured in whole or part, or released.
"""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor
from marketplace.base.errors import Conflict, Forbidden, IllegalTransition, Unknown
from marketplace.base.policy import VisitRules
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.members.notices import tell_elder
from marketplace.hours.members.proxies import acts_for
from marketplace.hours.models import TASK_STEPS, Member, Task
from marketplace.hours.tasks.crediting import Served, credit, served_on
from marketplace.hours.tasks.ending import release
from marketplace.hours.tasks.errors import ObjectionOver, OwnDispute, PartOutside
from marketplace.hours.tasks.taking import locked_task
from marketplace.people.elders import elder_for
from marketplace.people.models import Elder
from marketplace.visits.attendance.approval import approve, object_to, reject
from marketplace.visits.errors import VisitConfirmed, VisitNotOver, VisitUnderReview
from marketplace.visits.models import Assignment, CheckEvent, Visit
from marketplace.visits.service import visits_of

Verdict = Literal["full", "part", "nothing"]


async def dispute(
    tx: AsyncSession, task_id: UUID, *, reason: str, rules: VisitRules, actor: Actor, now: datetime
) -> Task:
    """Contest a task that was done and is not confirmed; an officer may for an elder who telephones.

    `Unknown`, `OwnVisit`, `ObjectionOver`, `VisitNotOver`, `VisitUnderReview` for one that is disputed already,
    `VisitConfirmed`, `IllegalTransition`.
    """
    task = await locked_task(tx, task_id)
    elder, visit = await _visit_of(tx, task, actor=actor, now=now)
    if task.state != "grabbed":
        raise _refusal(task)
    hours = rules.volunteer_confirm_hours
    if now > await _ended_at(tx, visit) + timedelta(hours=hours):
        raise ObjectionOver(hours=hours)
    await object_to(tx, visit.id, actor=actor, now=now, reason=reason)
    task.dispute_reason, task.disputed_by = reason, actor.account_id
    await move(tx, task, "disputed", TASK_STEPS, actor=actor, now=now, reason=reason)
    await tell_elder(tx, elder, "task_disputed", actor=actor)
    return task


def _refusal(task: Task) -> Conflict:
    """Why a task that nobody is about to be credited for is not disputed."""
    if task.state in {"published", "reserved"}:
        return VisitNotOver()
    if task.state == "credited":
        return VisitConfirmed()
    return VisitUnderReview() if task.state == "disputed" else IllegalTransition(state=task.state, wanted="disputed")


async def decide(
    tx: AsyncSession,
    task_id: UUID,
    *,
    verdict: Verdict,
    minutes: int | None,
    reason: str,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
) -> Task:
    """An officer decides a dispute: `full` as the evidence says, `part` so many `minutes`, or `nothing`.

    `Unknown`, `OwnDispute`, `PartOutside`, `IllegalTransition`.
    """
    if actor.account_id is None:  # a person decides
        raise Forbidden
    task = await locked_task(tx, task_id)
    _, visit = await _visit_of(tx, task, actor=actor, now=now)
    if task.state != "disputed":
        raise IllegalTransition(state=task.state, wanted="decided")
    await _require_impartial(tx, task, actor)
    served = await _judged(tx, task, visit, verdict, minutes, now=now)
    task.verdict, task.verdict_reason = verdict, reason
    if served is None:
        await move(tx, task, "voided", TASK_STEPS, actor=actor, now=now, reason=reason)
        await reject(tx, visit.id, actor=actor, now=now, reason=reason)
        await release(tx, [task], now=now)
    else:
        await approve(tx, visit.id, actor=actor, now=now, reason=reason)
        await credit(tx, task, served, confirmed_by="officer", rules=rules, now=now)
    return task


async def _judged(
    tx: AsyncSession, task: Task, visit: Visit, verdict: Verdict, minutes: int | None, *, now: datetime
) -> Served | None:
    """What is to be credited; None for nothing."""
    served = await served_on(tx, task, visit, now=now)
    if verdict == "full":
        return served
    if verdict == "nothing":
        return None
    most = task.worth_minutes - 1
    if minutes is None or not 0 < minutes <= most:
        raise PartOutside(pointer="/minutes", most=most)
    return Served(minutes, "officer", served.at)


async def _require_impartial(tx: AsyncSession, task: Task, actor: Actor) -> None:
    member = await tx.get(Member, task.member_id)
    if actor.account_id == task.disputed_by or (member and await acts_for(tx, actor, member)):
        raise OwnDispute


async def _visit_of(tx: AsyncSession, task: Task, *, actor: Actor, now: datetime) -> tuple[Elder, Visit]:
    """The task's elder and visit, for who may see her. Else `Unknown`."""
    try:
        elder = await elder_for(tx, task.elder_id, actor=actor, now=now)
    except Unknown:
        raise Unknown(what="task") from None
    found = await visits_of(tx, "task", task.id)
    if not found:
        raise IllegalTransition(state=task.state, wanted="disputed")
    return elder, found[0]


async def _ended_at(tx: AsyncSession, visit: Visit) -> datetime:
    """When the last check-out reached us, else when the window ended."""
    query = (
        select(func.max(col(CheckEvent.received_at)))
        .join(Assignment, col(Assignment.id) == col(CheckEvent.assignment_id))
        .where(col(Assignment.visit_id) == visit.id, col(CheckEvent.kind) == "out")
    )
    found: datetime | None = await tx.scalar(query)
    return found or visit.window_end
