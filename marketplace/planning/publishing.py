"""Publishing a plan: one transaction that compares what the engine saw with what is, and writes the difference.

A visit that changed while the engine worked is left out and planned anew. Assignments that stay the same are not
touched; the others are withdrawn and written again under the deferred exclusion constraint.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.planning.day import Day, read_day
from marketplace.planning.models import Plan
from marketplace.planning.outcome import Attendance, attendances, without_clashes
from marketplace.planning.requests import Claim, ask, finish, require
from marketplace.planning.trial import Trial
from marketplace.visits.assigning import add_assignment, require_one_place, withdraw_assignments
from marketplace.visits.models import VISIT_STEPS, Assignment, Performer, Shift, Visit

SYSTEM = Actor.system()


async def publish(
    tx: AsyncSession, claim: Claim, trial: Trial, answer: dict[str, Any], *, policy: str, now: datetime
) -> Plan:
    """Make the engine's checked answer binding. `ClaimLost` when another run has taken over."""
    await require(tx, claim)
    visits = await _lock(tx, trial)
    present = await read_day(tx, claim.district_id, claim.day)
    wanted = attendances(trial.day, answer)
    changed = {visit.id for visit in trial.visits if _changed(trial, visits.get(visit.id))}
    open_shifts = {shift.id for shift in present.shifts}
    changed |= {visit_id for visit_id, crew in wanted.items() if any(one.shift_id not in open_shifts for one in crew)}
    dropped = {visit.id for visit in trial.visits} - wanted.keys() - changed
    standing = [one for one in present.assignments if one.visit_id not in dropped and one.state != "checked_out"]
    left_out = without_clashes(wanted, standing, changed)
    plan = await _store(tx, claim, trial, answer, state="published", policy=policy, left_out=left_out, now=now)
    await _withdraw(tx, visits, dropped, present, reason="not served by the new plan", now=now)
    moved = {
        visit_id: crew
        for visit_id, crew in wanted.items()
        if visit_id not in left_out and not _stands(present, visit_id, crew)
    }
    await _withdraw(tx, visits, set(moved), present, reason="planned anew", now=now)
    await _assign(tx, visits, moved, plan, now=now)
    await require_one_place(tx)
    await outbox.send(tx, "plan.published", plan_id=plan.id, district_id=claim.district_id, day=claim.day.isoformat())
    if any(visits[one].state in {"planned", "published"} for one in left_out if one in visits):
        await ask(tx, claim.district_id, claim.day, now=now)
    await finish(tx, claim, outcome="published")
    return plan


async def reject(
    tx: AsyncSession, claim: Claim, trial: Trial, answer: dict[str, Any], *, policy: str, now: datetime
) -> Plan:
    """Keep a plan that broke constraints for study; nothing of it counts."""
    await require(tx, claim)
    return await _store(tx, claim, trial, answer, state="rejected", policy=policy, left_out=set(), now=now)


async def _lock(tx: AsyncSession, trial: Trial) -> dict[UUID, Visit]:
    """Shifts shared, then visits in the order of their ids: the order in which everybody locks them."""
    shifts = [shift.id for shift in trial.day.shifts]
    await tx.execute(
        select(col(Shift.id)).where(col(Shift.id).in_(shifts)).order_by(col(Shift.id)).with_for_update(read=True)
    )
    ids = [visit.id for visit in trial.visits]
    rows = await tx.scalars(select(Visit).where(col(Visit.id).in_(ids)).order_by(col(Visit.id)).with_for_update())
    return {visit.id: visit for visit in rows}


def _changed(trial: Trial, visit: Visit | None) -> bool:
    return visit is None or visit.version != trial.day.visits[visit.id].version


def _stands(present: Day, visit_id: UUID, crew: list[Attendance]) -> bool:
    live = sorted((one for one in present.assignments if one.visit_id == visit_id), key=lambda one: one.member)
    return len(live) == len(crew) and all(member.is_as(one) for member, one in zip(crew, live, strict=True))


async def _withdraw(
    tx: AsyncSession, visits: dict[UUID, Visit], chosen: set[UUID], present: Day, *, reason: str, now: datetime
) -> None:
    assigned = {one.visit_id for one in present.assignments}
    for visit_id in sorted(chosen & assigned):
        visit = visits[visit_id]
        await withdraw_assignments(tx, visit, actor=SYSTEM, now=now, reason=reason)
        if visit.state == "published":
            await move(tx, visit, "planned", VISIT_STEPS, actor=SYSTEM, now=now, reason=reason)


async def _assign(
    tx: AsyncSession, visits: dict[UUID, Visit], moved: dict[UUID, list[Attendance]], plan: Plan, *, now: datetime
) -> None:
    performers = {one.performer_id for crew in moved.values() for one in crew}
    rows = await tx.execute(
        select(col(Performer.id), col(Performer.account_id))
        .where(col(Performer.id).in_(performers))
        .order_by(col(Performer.id))
        .with_for_update(key_share=True)  # as whoever assigns one of them locks her
    )
    accounts: dict[UUID, UUID] = {row.id: row.account_id for row in rows}
    for visit_id, crew in sorted(moved.items()):
        for one in crew:
            assignment = Assignment(
                visit_id=visit_id,
                member=one.member,
                performer_id=one.performer_id,
                shift_id=one.shift_id,
                plan_id=plan.id,
                planned_from=one.planned_from,
                planned_until=one.planned_until,
                pickup_at=one.pickup_at,
                travel_seconds=one.travel_seconds,
                travel_metres=one.travel_metres,
                state="published",
            )
            await add_assignment(tx, visits[visit_id], assignment, accounts[one.performer_id])
        await move(tx, visits[visit_id], "published", VISIT_STEPS, actor=SYSTEM, now=now)


async def _store(
    tx: AsyncSession,
    claim: Claim,
    trial: Trial,
    answer: dict[str, Any],
    *,
    state: str,
    policy: str,
    left_out: set[UUID],
    now: datetime,
) -> Plan:
    same_day = (col(Plan.district_id) == claim.district_id, col(Plan.day) == claim.day)
    if state == "published":
        await tx.execute(update(Plan).where(*same_day, col(Plan.state) == "published").values(state="superseded"))
    plan = Plan(
        id=new_id(),
        district_id=claim.district_id,
        day=claim.day,
        version=await next_version(tx, claim.district_id, claim.day),
        state=state,
        problem=trial.problem,
        plan=answer,
        kept=trial.kept,
        left_out=sorted(str(one) for one in left_out),
        policy=policy,
        seconds=float(answer.get("seconds", 0.0)),
        created_at=now,
        published_at=now if state == "published" else None,
    )
    tx.add(plan)
    await tx.flush()
    return plan


async def next_version(tx: AsyncSession, district_id: UUID, day: date) -> int:
    """The number that the day's next plan will bear, the rejected ones counted."""
    newest = await tx.scalar(
        select(func.max(col(Plan.version))).where(col(Plan.district_id) == district_id, col(Plan.day) == day)
    )
    return (newest or 0) + 1
