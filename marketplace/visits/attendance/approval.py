"""Approval: by rule when nobody objected in time, by an officer with a reason, or by the elder or her family.

Who objects makes an exception of it, which an officer approves or rejects.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Conflict, IllegalTransition, Unknown
from marketplace.base.states import move
from marketplace.people.access import visible_to
from marketplace.people.models import Access, Elder
from marketplace.visits.attendance.finishing import APPROVAL_DUE, tell
from marketplace.visits.errors import OwnVisit, VisitConfirmed, VisitNotOver, VisitUnderReview
from marketplace.visits.models import VISIT_STEPS, Assignment, Performer, Visit

CONFIRMED = "confirmed"
DISPUTED = "disputed"
AHEAD = frozenset({"planned", "published", "checked_in"})
PASSED = frozenset({"approved", "settled"})


async def approve_by_rule(tx: AsyncSession, visit_id: UUID, *, now: datetime) -> None:
    """The objection time is over: a visit that still stands checked out is approved; any other stays as it is."""
    visit = await tx.scalar(select(Visit).where(col(Visit.id) == visit_id).with_for_update())
    if visit is not None and visit.state == "checked_out":
        await _approve(tx, visit, actor=Actor.system(), now=now, reason="by rule: evidence complete, no objection")


async def approve(tx: AsyncSession, visit_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Visit:
    """An officer approves an exception, or a complete visit before its time."""
    visit = await _visible(tx, visit_id, actor=actor, now=now)
    await _approve(tx, visit, actor=actor, now=now, reason=reason)
    return visit


async def confirm(tx: AsyncSession, visit_id: UUID, *, actor: Actor, now: datetime) -> Visit:
    """The elder, or family under her grant, confirms a visit whose evidence is complete: approved at once.

    Confirming again changes nothing. An exception waits for an officer (`VisitUnderReview`), and what goes on for its
    end (`VisitNotOver`); nobody confirms an own visit (`OwnVisit`).
    """
    visit = await _visible(tx, visit_id, actor=actor, now=now)
    if not await _speaks_for_elder(tx, visit, actor=actor, now=now):
        raise Unknown(what="visit")
    await _require_foreign(tx, visit, actor)
    if visit.state in PASSED:
        return visit
    if visit.state != "checked_out":
        raise _refusal(visit, wanted="approved")
    await _approve(tx, visit, actor=actor, now=now, reason=CONFIRMED)
    return visit


async def object_to(tx: AsyncSession, visit_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Visit:
    """The elder, family under her grant, or an officer for her disputes a visit: it waits for an officer's decision.

    `Unknown`, `OwnVisit`; `VisitNotOver`, `VisitConfirmed` or `IllegalTransition` unless it is checked out and not
    approved.
    """
    visit = await _visible(tx, visit_id, actor=actor, now=now)
    if not (actor.is_any(Role.OFFICER) or await _speaks_for_elder(tx, visit, actor=actor, now=now)):
        raise Unknown(what="visit")
    await _require_foreign(tx, visit, actor)
    if visit.state == "checked_out":
        await move(tx, visit, "exception", VISIT_STEPS, actor=actor, now=now, reason=reason)
        await timers.drop_timer(tx, APPROVAL_DUE, visit.id)
    elif visit.state in PASSED:
        raise VisitConfirmed
    elif visit.state != "exception":
        raise _refusal(visit, wanted=DISPUTED)
    visit.findings = sorted({*visit.findings, DISPUTED})
    await tx.flush()
    return visit


async def reject(tx: AsyncSession, visit_id: UUID, *, actor: Actor, now: datetime, reason: str) -> Visit:
    """An officer decides that a visit counts for nothing. `Unknown`, `IllegalTransition` unless it is an exception."""
    visit = await _visible(tx, visit_id, actor=actor, now=now)
    await move(tx, visit, "rejected", VISIT_STEPS, actor=actor, now=now, reason=reason)
    return visit


def _refusal(visit: Visit, *, wanted: str) -> Conflict:
    """Why a visit that has not ended well is neither confirmed nor disputed."""
    if visit.state in AHEAD:
        return VisitNotOver()
    return VisitUnderReview() if visit.state == "exception" else IllegalTransition(state=visit.state, wanted=wanted)


async def _require_foreign(tx: AsyncSession, visit: Visit, actor: Actor) -> None:
    """`OwnVisit` for whoever attended it."""
    attended = (
        select(col(Assignment.id))
        .join(Performer, col(Performer.id) == col(Assignment.performer_id))
        .where(col(Assignment.visit_id) == visit.id, col(Performer.account_id) == actor.account_id)
    )
    if await tx.scalar(attended.limit(1)):
        raise OwnVisit


async def _approve(tx: AsyncSession, visit: Visit, *, actor: Actor, now: datetime, reason: str) -> None:
    await move(tx, visit, "approved", VISIT_STEPS, actor=actor, now=now, reason=reason)
    await timers.drop_timer(tx, APPROVAL_DUE, visit.id)
    await tell(tx, "visit.approved", visit)


async def _visible(tx: AsyncSession, visit_id: UUID, *, actor: Actor, now: datetime) -> Visit:
    query = (
        select(Visit)
        .join(Elder, col(Elder.id) == col(Visit.elder_id))
        .where(col(Visit.id) == visit_id, visible_to(actor, now))
        .with_for_update(of=Visit)
    )
    visit = await tx.scalar(query)
    if visit is None:
        raise Unknown(what="visit")
    return visit


async def _speaks_for_elder(tx: AsyncSession, visit: Visit, *, actor: Actor, now: datetime) -> bool:
    """Sight from an assignment is not enough: it must be herself, or a grant of hers."""
    granted = select(col(Access.elder_id)).where(
        col(Access.account_id) == actor.account_id,
        col(Access.scope) == "view",
        col(Access.because).startswith("grant:"),
    )
    query = select(col(Elder.id)).where(
        col(Elder.id) == visit.elder_id,
        visible_to(actor, now),
        or_(col(Elder.account_id) == actor.account_id, col(Elder.id).in_(granted)),
    )
    return await tx.scalar(query) is not None
