"""Assigning performers to visits and taking them off again.

Whoever is assigned may see the elder from a day before to a day after; taking the assignment away takes the sight
away too. Callers hold the visit's row lock.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.people.access import Scope, give_access, withdraw_access
from marketplace.visits.errors import MemberTaken, OutsideWindow, PerformerBusy, PerformerLeft, SkillMissing
from marketplace.visits.models import ASSIGNMENT_STEPS, VISIT_STEPS, Assignment, Performer, Visit
from marketplace.visits.performers import held_skills

SIGHT = timedelta(hours=24)
LATE_DUE = "visit.late_due"
SCOPES: tuple[Scope, ...] = ("view", "notes")  # notes: which door, which bell


async def assign(
    tx: AsyncSession,
    visit_id: UUID,
    performer_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    shift_id: UUID | None = None,
    plan_id: UUID | None = None,
    member: int = 0,
) -> Assignment:
    """Put a performer into a planned visit's crew; the visit is published as soon as its crew is complete.

    `Unknown`, `IllegalTransition`, `MemberTaken`, `PerformerLeft`, `SkillMissing`, `OutsideWindow`, `PerformerBusy`.
    """
    visit = await tx.scalar(select(Visit).where(col(Visit.id) == visit_id).with_for_update())
    performer = await _alone(tx, performer_id)
    if visit is None or performer is None:
        raise Unknown(what="visit" if visit is None else "performer")
    crew = await live_assignments(tx, visit)
    _require_room(visit, crew, performer, member=member, starts_at=starts_at, ends_at=ends_at)
    assignment = Assignment(
        visit_id=visit.id,
        member=member,
        performer_id=performer.id,
        shift_id=shift_id,
        plan_id=plan_id,
        planned_from=starts_at,
        planned_until=ends_at,
    )
    await add_assignment(tx, visit, assignment, performer.account_id)
    await require_one_place(tx)
    if len(crew) + 1 == visit.crew_size:
        for one in (*crew, assignment):
            await move(tx, one, "published", ASSIGNMENT_STEPS, actor=actor, now=now)
        await move(tx, visit, "published", VISIT_STEPS, actor=actor, now=now)
    return assignment


async def _alone(tx: AsyncSession, performer_id: UUID) -> Performer | None:
    """The performer with her row locked: two who assign her at once would wait for each other in the constraint that
    lets nobody be in two places, each seeing the other's row."""
    return await tx.get(Performer, performer_id, with_for_update={"key_share": True}, populate_existing=True)


def _require_room(
    visit: Visit, crew: list[Assignment], performer: Performer, *, member: int, starts_at: datetime, ends_at: datetime
) -> None:
    if visit.state != "planned":
        raise IllegalTransition(state=visit.state, wanted="published")
    if performer.state != "active":
        raise PerformerLeft(performer_id=str(performer.id))
    if missing := set(visit.skills) - held_skills(performer):
        raise SkillMissing(missing=", ".join(sorted(missing)))
    if not 0 <= member < visit.crew_size or member in {one.member for one in crew}:
        raise MemberTaken(member=member)
    if not visit.window_start <= starts_at <= visit.window_end or ends_at <= starts_at:
        raise OutsideWindow(pointer="/starts_at")
    if any(one.planned_from != starts_at for one in crew):
        raise OutsideWindow(pointer="/starts_at", reason="a crew starts together")


async def add_assignment(tx: AsyncSession, visit: Visit, assignment: Assignment, account_id: UUID) -> None:
    """Write an assignment down and let its performer's account see the elder around it; a timer notices lateness."""
    tx.add(assignment)
    await tx.flush()
    await timers.set_timer(tx, LATE_DUE, visit.id, assignment.planned_from)
    for scope in SCOPES:
        await give_access(
            tx,
            visit.elder_id,
            account_id,
            scope,
            since=assignment.planned_from - SIGHT,
            until=assignment.planned_until + SIGHT,
            because=f"assignment:{assignment.id}",
        )


async def require_one_place(tx: AsyncSession) -> None:
    """Ask the deferred exclusion constraint now, so that a clash is a clear answer and not an error at commit."""
    try:
        await tx.execute(text("SET CONSTRAINTS assignment_one_place IMMEDIATE"))
    except IntegrityError as error:
        raise PerformerBusy from error
    await tx.execute(text("SET CONSTRAINTS assignment_one_place DEFERRED"))


async def live_assignments(tx: AsyncSession, visit: Visit) -> list[Assignment]:
    """The visit's assignments that were not withdrawn, by member."""
    query = select(Assignment).where(col(Assignment.visit_id) == visit.id, col(Assignment.state) != "withdrawn")
    return list(await tx.scalars(query.order_by(col(Assignment.member)).with_for_update()))


async def withdraw_assignments(
    tx: AsyncSession, visit: Visit, *, actor: Actor, now: datetime, reason: str, shift_id: UUID | None = None
) -> None:
    """Take off whoever has not begun, with their sight of the elder; only of one shift if that is given."""
    for assignment in await live_assignments(tx, visit):
        begun = assignment.state not in {"planned", "published"}
        if begun or (shift_id is not None and assignment.shift_id != shift_id):
            continue
        await move(tx, assignment, "withdrawn", ASSIGNMENT_STEPS, actor=actor, now=now, reason=reason)
        await withdraw_access(tx, f"assignment:{assignment.id}")
