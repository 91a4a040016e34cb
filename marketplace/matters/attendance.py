"""Visits to which nobody came, or at which nobody opened: what a person must look at, and what the provider bears.

A performer who is late may still be replaced. An elder who does not open is looked after first; who failed whom is
judged afterwards, by a person, and what is not judged in time costs nobody anything.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base import timers
from marketplace.base.actor import Actor
from marketplace.base.audit import Transition
from marketplace.base.policy import Policy
from marketplace.bookings.models import Booking
from marketplace.checkout.ending import end
from marketplace.checkout.following import has_begun
from marketplace.matters.models import Matter
from marketplace.matters.service import close, ensure_open, open_matters
from marketplace.providers.credit import add_event
from marketplace.visits.attendance.nobody_home import claims
from marketplace.visits.models import Assignment, Visit
from marketplace.visits.service import visits_of

JUDGE_DUE = "matter.judge_due"
JUDGED_WITHIN = timedelta(hours=48)  # before any authorisation lapses, which would capture it
SYSTEM = Actor.system()


async def nobody_came(tx: AsyncSession, booking: Booking, *, now: datetime) -> None:
    """The locked booking's performer is late: somebody else may still come while the window is open."""
    if booking.state != "confirmed" or await has_begun(tx, booking) or await _claims(tx, booking):
        return
    if any(visit.state == "published" for visit in await visits_of(tx, "booking", booking.id)):
        await ensure_open(tx, booking, "nobody_came", reason="late", now=now)


async def nobody_opened(tx: AsyncSession, booking: Booking, *, now: datetime) -> None:
    """The locked booking's performer stood before a closed door: a welfare check for an officer, then a judgement."""
    found = await _claims(tx, booking)
    if booking.state != "confirmed" or not found or await has_begun(tx, booking):
        return
    for matter in await open_matters(tx, booking, "nobody_came"):
        await close(tx, matter, "dropped", outcome="nobody_opened", actor=SYSTEM, now=now)
    await ensure_open(tx, booking, "welfare", reason="nobody_opens", now=now)
    reason = "waited" if any(found) else "unproven"
    judged = await ensure_open(tx, booking, "customer_absent", reason=reason, now=now)
    await timers.set_timer(tx, JUDGE_DUE, judged.id, judged.opened_at + JUDGED_WITHIN)


async def count_no_show(tx: AsyncSession, booking: Booking, *, now: datetime) -> None:
    """Each missed visit to which somebody was to come goes on the provider's record, once."""
    for visit in await visits_of(tx, "booking", booking.id):
        if visit.state == "missed" and await _somebody_was_due(tx, visit):
            await add_event(tx, booking.provider_id, "no_show", cause=f"visit:{visit.id}", now=now)


async def leave_unjudged(tx: AsyncSession, booking: Booking, matter: Matter, *, policy: Policy, now: datetime) -> None:
    """Nobody judged in time: a charge needs a person, so everything is given back."""
    if matter.state != "open":
        return
    if booking.state == "confirmed":
        await end(tx, booking, "failed", policy=policy, actor=SYSTEM, now=now, reason="no-show not judged")
    await close(tx, matter, "dropped", outcome="not_judged", actor=SYSTEM, now=now)


async def _claims(tx: AsyncSession, booking: Booking) -> list[bool]:
    return [proven for visit in await visits_of(tx, "booking", booking.id) for proven in await claims(tx, visit)]


async def _somebody_was_due(tx: AsyncSession, visit: Visit) -> bool:
    taken_off = exists().where(
        col(Assignment.visit_id) == visit.id,
        col(Transition.entity_id) == col(Assignment.id),
        col(Transition.to_state) == "withdrawn",
        col(Transition.reason) == "missed",
    )
    return bool(await tx.scalar(select(taken_off)))
